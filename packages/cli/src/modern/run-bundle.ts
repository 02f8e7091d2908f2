/** The commands that start and change runs, without the others. */
import {modernMain} from './main.ts';
import {runCommands} from './run-commands.ts';

export async function main(words: readonly string[]): Promise<number> {
  return await modernMain(words, [runCommands]);
}

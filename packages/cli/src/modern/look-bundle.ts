/** The commands that show results, without the others. */
import {lookCommands} from './look-commands.ts';
import {modernMain} from './main.ts';

export async function main(words: readonly string[]): Promise<number> {
  return await modernMain(words, [lookCommands]);
}

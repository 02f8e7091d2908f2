/** Every command, for the help that lists them, and for those that are called seldom. */
import {mtutilMain} from '../packets/mtutil.ts';
import {areaCommands} from './area-commands.ts';
import {dbCommands} from './db-commands.ts';
import {jobCommands} from './job-commands.ts';
import {lookCommands} from './look-commands.ts';
import {modernMain} from './main.ts';
import {overviewCommands} from './overview-commands.ts';
import {isForMtutil, packetCommands} from './packet-commands.ts';
import {runCommands} from './run-commands.ts';
import {serverCommands} from './server-commands.ts';

export async function main(words: readonly string[]): Promise<number> {
  if (isForMtutil(words)) {
    return await mtutilMain(words.slice(1));
  }
  return await modernMain(words, [
    areaCommands,
    runCommands,
    lookCommands,
    overviewCommands,
    serverCommands,
    jobCommands,
    packetCommands,
    dbCommands,
  ]);
}

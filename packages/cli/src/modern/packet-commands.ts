/** `megatest pkt`: packets of the area (spec cli.md 22, mtutil.md 5). */
import {resolve} from 'node:path';
import {UserError} from '@megatest/model';
import {refuseReadOnly} from '@megatest/rpc';
import type {Argv} from 'yargs';
import {printCounts} from '../packets/import-packets.ts';
import {MTUTIL_ACTIONS} from '../packets/mtutil.ts';
import {type CommandContext, type CommandFile, EXIT, type GlobalArguments, inArea} from './command.ts';

type PacketArguments = GlobalArguments & {
  readonly what: string;
  readonly words?: readonly (string | number)[] | undefined;
};

export const packetCommands: CommandFile = (outcome) => [
  {
    command: 'pkt <what> [words..]',
    describe: 'pkt import [DIR]; pkt run, show, ... as mtutil: packets, which are commands in files',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {choices: MTUTIL_ACTIONS, demandOption: true})
        .positional('words', {array: true, describe: 'import: a directory instead of [setup] pktsdirs'})
        .example('$0 pkt import', 'take new packets into pkts.db')
        .example('$0 pkt import /net/drop', 'those of another directory')
        .example('$0 pkt run -target linux/v1 -run-name nightly', 'leave a packet, as "mtutil run" does'),
    handler: async (args: unknown) =>
      await inArea(
        args as PacketArguments,
        outcome,
        async (context) => await importPackets(context, args as PacketArguments),
      ),
  },
];

/** `megatest pkt ACTION ...` that is the same as `mtutil ACTION ...`, and takes its options. */
export function isForMtutil([command, action = '']: readonly string[]): boolean {
  return command === 'pkt' && action !== 'import' && MTUTIL_ACTIONS.includes(action);
}

async function importPackets(context: CommandContext, {what, words = []}: PacketArguments): Promise<number> {
  const {session, messages} = context;
  if (what !== 'import') {
    throw new UserError(`the action comes first: megatest pkt ${what} [options of mtutil]`, {
      exitCode: EXIT.usage,
    });
  }
  const [dir, ...others] = words.map(String);
  if (others.length > 0) {
    throw new UserError('one directory at a time: megatest pkt import DIR', {exitCode: EXIT.usage});
  }
  refuseReadOnly(session.area.path, 'to import packets');
  const counts = await session.daemon.call('pkts.import', {
    // The one who reads it stands in the area.
    dir: dir === undefined ? undefined : resolve(dir),
  });
  for (const problem of counts.problems) {
    messages.say(0, `WARNING: ${problem}`);
  }
  if (context.isJson) {
    context.json(counts);
  } else {
    context.print(`${printCounts(counts)}\n`);
  }
  return EXIT.ok;
}

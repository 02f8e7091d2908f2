/** `megatest pkt`: packets of the area (spec cli.md 22, mtutil.md 5). */
import {resolve} from 'node:path';
import {UserError} from '@megatest/model';
import {type PacketCounts, refuseReadOnly} from '@megatest/rpc';
import type {Argv} from 'yargs';
import {type CommandContext, type CommandFile, EXIT, type GlobalArguments, inArea} from './command.ts';

const whats = ['import'] as const;

type PacketArguments = GlobalArguments & {
  readonly what: (typeof whats)[number];
  readonly words?: readonly (string | number)[] | undefined;
};

export const packetCommands: CommandFile = (outcome) => [
  {
    command: 'pkt <what> [words..]',
    describe: 'pkt import [DIR]: packets, which are commands in files',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {choices: whats, demandOption: true})
        .positional('words', {array: true, describe: 'import: a directory instead of [setup] pktsdirs'})
        .example('$0 pkt import', 'take new packets into pkts.db')
        .example('$0 pkt import /net/drop', 'those of another directory'),
    handler: async (args: unknown) =>
      await inArea(
        args as PacketArguments,
        outcome,
        async (context) => await importPackets(context, args as PacketArguments),
      ),
  },
];

async function importPackets(context: CommandContext, {words = []}: PacketArguments): Promise<number> {
  const {session, messages} = context;
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

function printCounts({imported, known, refused, bad}: PacketCounts): string {
  return `packets: ${imported} imported, ${known} known, ${refused} refused, ${bad} bad`;
}

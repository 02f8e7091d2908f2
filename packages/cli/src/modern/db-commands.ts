/** Commands about the database as a whole: is it sound, a copy of it, and putting one back. */
import {UserError} from '@megatest/model';
import {exportRows} from '@megatest/store';
import type {Argv} from 'yargs';
import {
  areaFile,
  backUp,
  checkDatabases,
  cleanUp,
  importArea,
  importFile,
  rebuild,
  restore,
  syncArea,
} from '../actions/database.ts';
import {type CommandContext, type CommandFile, EXIT, inArea, type SelectorArguments} from './command.ts';

const whats = ['check', 'backup', 'restore', 'export', 'import', 'sync', 'rebuild', 'cleanup'] as const;

type DbArguments = SelectorArguments & {
  readonly what: (typeof whats)[number];
  readonly file?: string | undefined;
};

export const dbCommands: CommandFile = (outcome) => [
  {
    command: 'db <what> [file]',
    describe: 'db check, backup [FILE], restore FILE, export, import [FILE], sync, rebuild, cleanup',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {choices: whats, demandOption: true})
        .positional('file', {type: 'string', describe: 'for backup, restore and import'})
        .example('$0 db check', 'are the files sound?')
        .example('$0 db backup', 'a copy in backups/')
        .example('$0 db restore backups/megatest-20260101020304.db', 'put one back')
        .example('$0 db export > rows.jsonl', 'every row as a line of JSON')
        .example('$0 db import', 'megatest.db was restored by hand: take it')
        .example('$0 db import rows.jsonl', 'take in results of another area or daemon')
        .example('$0 db sync', 'megatest.db was restored by mistake: overwrite it'),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await database(context, args as DbArguments),
      ),
  },
];

async function database(context: CommandContext, args: DbArguments): Promise<number> {
  const {session} = context;
  const command = `megatest db ${args.what}`;
  const report = (line: string) => context.print(`${line}\n`);
  switch (args.what) {
    case 'check':
      return check(context);
    case 'backup': {
      const file = await backUp(session, args.file);
      if (context.isJson) {
        context.json({file});
      } else {
        report(file);
      }
      return EXIT.ok;
    }
    case 'restore':
      if (args.file === undefined) {
        throw new UserError('which backup? megatest db restore FILE', {exitCode: EXIT.usage});
      }
      await restore(session, args.file, report);
      return EXIT.ok;
    case 'export':
      await session.daemon.call('sync.flush', {});
      for (const line of exportRows(areaFile(session))) {
        report(line);
      }
      return EXIT.ok;
    case 'import':
      if (args.file === undefined) {
        await importArea(session, command, report);
      } else {
        await importFile(session, args.file, report);
      }
      return EXIT.ok;
    case 'sync':
      await syncArea(session, command, report);
      return EXIT.ok;
    case 'rebuild':
      await rebuild(session, command, report);
      return EXIT.ok;
    case 'cleanup':
      await cleanUp(session, command, report);
      return EXIT.ok;
  }
}

function check(context: CommandContext): number {
  const checks = checkDatabases(context.session);
  if (context.isJson) {
    context.json(checks);
  } else {
    for (const {path, problem} of checks) {
      context.print(`${problem ?? 'ok'}  ${path}\n`);
    }
  }
  return checks.every(({problem}) => problem === null) ? EXIT.ok : EXIT.failure;
}

/** Commands about the area itself: making it, its config, its targets, its health. */
import {
  type Config,
  cleanCache,
  getVariable,
  listTargets,
  loadRunconfig,
  originRows,
  printConfig,
  printOrigins,
  requireValue,
} from '@megatest/config';
import {TestPattern, UserError} from '@megatest/model';
import type {Argv} from 'yargs';
import {examine} from '../actions/doctor.ts';
import {makeArea, makeTest} from '../actions/scaffold.ts';
import {
  type CommandContext,
  type CommandFile,
  EXIT,
  type GlobalArguments,
  inArea,
  messagesOf,
  neededTarget,
  type SelectorArguments,
} from './command.ts';

export const areaCommands: CommandFile = (outcome) => [
  {
    command: 'init [dir]',
    describe: 'make an area with one passing test',
    builder: (yargs: Argv) =>
      yargs
        .positional('dir', {type: 'string', default: '.'})
        .option('keys', {
          type: 'string',
          default: 'PLATFORM/RELEASE',
          describe: 'names of the parts of a target',
        })
        .option('runs', {type: 'string', default: 'runs', describe: 'where tests run'})
        .option('links', {type: 'string', default: 'links', describe: 'the link tree to all results'}),
    handler: async (args: unknown) => {
      const {dir, keys, runs, links, ...rest} = args as GlobalArguments & {
        readonly dir: string;
        readonly keys: string;
        readonly runs: string;
        readonly links: string;
      };
      const names = keys.split('/');
      const written = makeArea({directory: dir, keys: names, runs, links});
      const messages = messagesOf(rest);
      const target = names.map((key) => `my-${key.toLowerCase()}`).join('/');
      messages.print(
        rest.json === true
          ? `${JSON.stringify({written})}\n`
          : `${written.map((file) => `wrote ${file}\n`).join('')}Run it: ${dir === '.' ? '' : `cd ${dir} && `}megatest run -t ${target} -n first\n`,
      );
      outcome.exitCode = EXIT.ok;
    },
  },
  {
    command: 'new <what> <test>',
    describe: 'new test NAME: make a test that passes as it is',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {choices: ['test'] as const, demandOption: true})
        .positional('test', {type: 'string', demandOption: true, describe: 'its name'})
        .option('desc', {type: 'string', default: 'what this test shows', describe: 'description'})
        .option('waiton', {type: 'string', array: true, describe: 'tests that must end first'})
        .option('priority', {type: 'number', describe: 'higher ones go first'})
        .option('step', {type: 'string', array: true, describe: 'name=command'})
        .option('item', {type: 'string', array: true, describe: 'VAR=v1,v2'}),
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const {test, desc, waiton, priority, step, item} = args as {
          readonly test: string;
          readonly desc: string;
          readonly waiton?: readonly string[];
          readonly priority?: number;
          readonly step?: readonly string[];
          readonly item?: readonly string[];
        };
        const written = makeTest(context.session.area.path, {
          name: test,
          description: desc,
          waitons: waiton ?? [],
          priority,
          steps: step ?? [],
          items: item ?? [],
        });
        if (context.isJson) {
          context.json({written});
        } else {
          context.print(written.map((file) => `wrote ${file}\n`).join(''));
        }
        return EXIT.ok;
      }),
  },
  {
    command: ['config <what> [section] [key]', 'runconfig <what> [section] [key]'],
    describe: 'config show, get SECTION KEY, check, clean-cache; runconfig: the same for runconfigs.config',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {
          choices: ['show', 'get', 'check', 'clean-cache'] as const,
          demandOption: true,
        })
        .positional('section', {type: 'string'})
        .positional('key', {type: 'string'})
        .option('target', {alias: 't', type: 'string', describe: 'target (check: only this one)'})
        .option('name', {alias: 'n', type: 'string', describe: 'run, for clean-cache'})
        .option('run', {type: 'boolean', describe: 'runconfigs.config instead of megatest.config'})
        .option('origins', {type: 'boolean', describe: 'where each value comes from'})
        .option('format', {
          choices: ['ini', 'json', 'sexpr', 'text', 'sarif'] as const,
          describe: 'show: ini, json, sexpr; check: text, json, sarif',
        })
        .example('$0 config check', 'every mistake in the files of the area, with its place')
        .example('$0 config show --origins', 'where each value comes from, and what it replaced'),
    handler: async (args: unknown) => {
      const given = args as ConfigArguments;
      if (given.what === 'check') {
        const {checkConfig} = await import('../actions/check-config.ts');
        outcome.exitCode = checkConfig(given, messagesOf(given));
        return;
      }
      await inArea(given, outcome, async (context) =>
        given.what === 'clean-cache' ? cleanConfigCache(context, given) : showConfig(context, given),
      );
    },
  },
  {
    command: 'target <what>',
    describe: 'target list: the targets of runconfigs.config, or of what has run',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {choices: ['list'] as const, demandOption: true})
        .option('db', {type: 'boolean', describe: 'targets of runs that are recorded'})
        .option('filter', {type: 'string', describe: 'pattern'}),
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const {db, filter} = args as {readonly db?: boolean; readonly filter?: string};
        const results = db === true ? await context.session.results('exact') : undefined;
        const all =
          results === undefined
            ? listTargets(context.session.area)
            : [...new Set((await results.runs({runPatt: '%'})).map((run) => run.target.join('/')))];
        const wanted = all.filter((name) => filter === undefined || matches(filter, name));
        if (context.isJson) {
          context.json(wanted);
        } else {
          context.print(wanted.map((name) => `${name}\n`).join(''));
        }
        return wanted.length > 0 ? EXIT.ok : EXIT.nothingMatched;
      }),
  },
  {
    command: 'keys',
    describe: 'the parts of a target',
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        if (context.isJson) {
          context.json(context.session.keys);
        } else {
          context.print(`${context.session.keys.join('/')}\n`);
        }
        return EXIT.ok;
      }),
  },
  {
    command: 'disks',
    describe: 'the disks on which tests run',
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const disks = context.session.area.config
          .entries('disks')
          .map(({key, value}) => ({name: key, path: value.trim()}));
        if (context.isJson) {
          context.json(disks);
        } else {
          context.print(disks.map(({name, path}) => `${name} => ${path}\n`).join(''));
        }
        return EXIT.ok;
      }),
  },
  {
    command: 'doctor',
    describe: 'check what a run needs: config, disks, launchers, hosts, daemon, managers, databases, clocks',
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const checks = await examine(context.session);
        if (context.isJson) {
          context.json(checks);
        } else {
          for (const {name, verdict, text, advice} of checks) {
            const mark = {ok: 'ok     ', warning: 'warning', problem: 'PROBLEM'}[verdict];
            const colour = {ok: 'green', warning: 'yellow', problem: 'red'} as const;
            context.print(`${context.style.paint(colour[verdict], mark)}  ${name}: ${text}\n`);
            if (advice !== undefined) {
              context.print(`         ${advice}\n`);
            }
          }
        }
        return checks.some(({verdict}) => verdict === 'problem') ? EXIT.failure : EXIT.ok;
      }),
  },
];

type ConfigArguments = SelectorArguments & {
  readonly _: readonly (string | number)[];
  readonly what: 'show' | 'get' | 'check' | 'clean-cache';
  readonly section?: string | undefined;
  readonly key?: string | undefined;
  readonly run?: boolean | undefined;
  readonly origins?: boolean | undefined;
  readonly format?: 'ini' | 'json' | 'sexpr' | 'text' | 'sarif' | undefined;
};

function cleanConfigCache(context: CommandContext, args: ConfigArguments): number {
  const target = neededTarget(context, args);
  if (args.name === undefined) {
    throw new UserError('which run? Give its name with --name', {exitCode: EXIT.usage});
  }
  const removed = cleanCache({linkTree: context.session.area.linkTree, target, runName: args.name});
  if (context.isJson) {
    context.json({removed});
  } else {
    context.print(removed.map((file) => `removed ${file}\n`).join(''));
  }
  return EXIT.ok;
}

function showConfig(context: CommandContext, args: ConfigArguments): number {
  const {area} = context.session;
  const isRunconfig = args.run === true || args._[0] === 'runconfig';
  const config = isRunconfig ? loadRunconfig(area).config : area.config;
  if (args.what === 'show') {
    if (args.origins === true && context.isJson) {
      context.json(originRows(config));
    } else if (args.origins === true) {
      context.print(printOrigins(config, area.path));
    } else {
      context.print(printConfig(config, context.isJson ? 'json' : (args.format ?? 'ini')));
    }
    return EXIT.ok;
  }
  const {section, key} = args;
  if (section === undefined || key === undefined) {
    throw new UserError('config get needs a section and a key, such as: config get setup linktree', {
      exitCode: EXIT.usage,
    });
  }
  const value =
    (isRunconfig ? getVariable(config, section, key) : undefined) ?? valueIn(config, section, key);
  if (context.isJson) {
    context.json(value);
  } else {
    context.print(`${value}\n`);
  }
  return EXIT.ok;
}

/** Nothing there is its own exit code, so that a script can tell it from a broken file. */
function valueIn(config: Config, section: string, key: string): string {
  try {
    return requireValue(config, section, key);
  } catch (error) {
    if (error instanceof UserError) {
      const {hint} = error;
      throw new UserError(error.message, {
        exitCode: EXIT.nothingMatched,
        ...(hint === undefined ? {} : {hint}),
      });
    }
    throw error;
  }
}

/** `%` stands for any text, slashes included. */
function matches(pattern: string, name: string): boolean {
  return new TestPattern(pattern.replaceAll('/', '\u0001')).matchesName(name.replaceAll('/', '\u0001'));
}

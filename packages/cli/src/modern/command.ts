/** What every command of the new style shares: its global options, its session, and its exit code (spec cli.md 22). */
import {UserError} from '@megatest/model';
import type {RunSummary} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import type {Argv, CommandModule} from 'yargs';
import {Messages, parseVerbosity} from '../messages.ts';
import {Session} from '../session.ts';
import {Style} from '../view/style.ts';

/** Exit codes of the new style; one table for code and documentation. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  nothingMatched: 3,
  testsFailed: 4,
  outsideTest: 5,
  noArea: 6,
  noDaemon: 7,
} as const;

export type GlobalArguments = {
  readonly area?: string | undefined;
  readonly config?: string | undefined;
  readonly appendConfig?: string | undefined;
  readonly json?: boolean | undefined;
  readonly log?: string | undefined;
  readonly debug?: string | undefined;
  readonly verbose?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly color?: boolean | undefined;
  readonly cache?: boolean | undefined;
  readonly yes?: boolean | undefined;
};

export type SelectorArguments = GlobalArguments & {
  readonly target?: string | undefined;
  readonly name?: string | undefined;
  readonly tests?: string | undefined;
  readonly state?: string | undefined;
  readonly status?: string | undefined;
};

/** Where a command leaves its exit code for `main`. */
export type Outcome = {exitCode: number};

export type CommandFile = (outcome: Outcome) => readonly CommandModule[];

export class CommandContext {
  readonly session: Session;
  readonly messages: Messages;
  readonly style: Style;
  readonly isJson: boolean;

  constructor(session: Session, messages: Messages, args: GlobalArguments) {
    this.session = session;
    this.messages = messages;
    this.isJson = args.json ?? false;
    this.style = args.color === false ? new Style(false) : Style.for(process.stdout);
  }

  print(text: string): void {
    this.messages.print(text);
  }

  json(value: unknown): void {
    this.print(`${JSON.stringify(value, null, process.stdout.isTTY ? 2 : undefined)}\n`);
  }
}

/** Runs a command in its area; the session is closed whatever happens. */
export async function inArea(
  args: SelectorArguments,
  outcome: Outcome,
  act: (context: CommandContext) => Promise<number>,
): Promise<void> {
  const messages = messagesOf(args);
  using session = Session.open({
    messages,
    areaDirectory: args.area,
    configName: args.config,
    appendConfig: args.appendConfig,
    target: args.target ?? process.env.MT_TARGET,
    runName: args.name ?? process.env.MT_RUNNAME,
    noCache: args.cache === false,
  });
  outcome.exitCode = await act(new CommandContext(session, messages, args));
}

export function messagesOf(args: GlobalArguments): Messages {
  const verbosity = args.debug ?? (args.verbose === true ? '2' : args.quiet === true ? '0' : '1');
  const messages = new Messages(parseVerbosity(verbosity));
  if (args.log !== undefined) {
    messages.logTo(args.log, process.cwd());
  }
  return messages;
}

export function withRunSelectors<T>(yargs: Argv<T>) {
  return yargs
    .option('target', {alias: 't', type: 'string', describe: 'target, one value for each key'})
    .option('name', {alias: 'n', type: 'string', describe: 'run name'});
}

export function withTestPattern<T>(yargs: Argv<T>) {
  return withRunSelectors(yargs).option('tests', {
    alias: 'p',
    type: 'string',
    describe: 'tests and items, such as unit,build/%',
  });
}

export function withTestSelectors<T>(yargs: Argv<T>) {
  return withTestPattern(yargs)
    .option('state', {type: 'string', describe: 'only tests in one of these states'})
    .option('status', {type: 'string', describe: 'only tests with one of these statuses'});
}

export function list(text: string | undefined): readonly string[] | undefined {
  return text?.split(',').filter((member) => member !== '');
}

/** The target that a command needs; the sentence names the keys. */
export function neededTarget(context: CommandContext, args: SelectorArguments): string {
  const target = args.target ?? process.env.MT_TARGET;
  if (target === undefined) {
    throw new UserError(`which target? Give it with --target ${context.session.keys.join('/')}`, {
      hint: 'the targets of this area are listed by "megatest target list"',
      exitCode: EXIT.usage,
    });
  }
  return target;
}

/** The runs that are meant: by name and target, else the newest one of the target or of the area. */
export async function findRun(context: CommandContext, args: SelectorArguments): Promise<RunSummary> {
  const results = await context.session.results('exact');
  const runs = await results.runs({runPatt: args.name ?? '%', target: args.target});
  // A run that a pattern left empty is not what somebody looks for who names none.
  const run = args.name === undefined ? runs.filter(({counts}) => counts.length > 0).at(-1) : runs.at(-1);
  if (run === undefined) {
    const what = [args.target, args.name].filter((part) => part !== undefined).join(' ');
    throw new UserError(what === '' ? 'nothing has run in this area yet' : `no run matches ${what}`, {
      hint: 'see "megatest runs"',
      exitCode: EXIT.nothingMatched,
    });
  }
  return run;
}

/** A test by id (`12`, `#12`), or by name or `name/item` in the run that is meant. */
export async function findTest(
  context: CommandContext,
  args: SelectorArguments & {readonly test: string},
): Promise<{readonly test: TestRow; readonly run: RunSummary | undefined}> {
  const results = await context.session.results('exact');
  const id = /^#?(\d+)$/.exec(args.test)?.[1];
  if (id !== undefined) {
    const [test] = await results.tests({runIds: null, afterId: Number(id) - 1, limit: 1});
    if (test?.id === Number(id)) {
      const runs = await results.runs({runPatt: '%'});
      return {test, run: runs.find((run) => run.id === test.runId)};
    }
  }
  const run = await findRun(context, args);
  const slash = args.test.indexOf('/');
  const name = slash < 0 ? args.test : args.test.slice(0, slash);
  const itemPath = slash < 0 ? '' : args.test.slice(slash + 1);
  const rows = await results.tests({runIds: [run.id], testPatt: `${name}/${itemPath}`});
  const test = rows.find((row) => row.testName === name && row.itemPath === itemPath);
  if (test === undefined) {
    const {nearNames} = await import('@megatest/model');
    const all = await results.tests({runIds: [run.id]});
    const known = all.map((row) => (row.itemPath === '' ? row.testName : `${row.testName}/${row.itemPath}`));
    const near = nearNames(args.test, known);
    throw new UserError(`run ${run.target.join('/')} ${run.runName} has no test ${args.test}`, {
      hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `see "megatest tests ${run.runName}"`,
      exitCode: EXIT.nothingMatched,
    });
  }
  return {test, run};
}

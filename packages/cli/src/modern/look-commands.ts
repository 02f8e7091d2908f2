/** Commands that show runs, tests, steps, data and logs. */
import {formatDuration, hasFailed, isGood, isRunning, UserError} from '@megatest/model';
import {mayBeAlive, type RunSummary, readServerRecord} from '@megatest/rpc';
import {
  propertyOf,
  type StateCount,
  TEST_COLUMNS,
  type TestRow,
  type TestText,
  type UsageRow,
} from '@megatest/store';
import type {Argv} from 'yargs';
import {listRuns} from '../actions/list-runs.ts';
import {showLog} from '../actions/show-log.ts';
import {enclosed} from '../view/blocks.ts';
import {resourceCells, resourceHeader} from '../view/resources.ts';
import {table} from '../view/style.ts';
import {
  type CommandContext,
  type CommandFile,
  EXIT,
  findRun,
  findTest,
  inArea,
  list,
  type SelectorArguments,
  withRunSelectors,
  withTestSelectors,
} from './command.ts';

type ListArguments = SelectorArguments & {
  readonly patt?: string | undefined;
  readonly format?: string | undefined;
  readonly fields?: string | undefined;
  readonly sort?: string | undefined;
  readonly since?: number | undefined;
  readonly failed?: boolean | undefined;
  readonly resources?: boolean | undefined;
};
type TestArguments = SelectorArguments & {readonly test: string; readonly step?: string | undefined};

export const lookCommands: CommandFile = (outcome) => [
  {
    command: 'status [name]',
    describe: 'how runs stand, and what waits for what',
    builder: (yargs: Argv) =>
      yargs
        .positional('name', {type: 'string', describe: 'run name or pattern'})
        .option('target', {alias: 't', type: 'string', describe: 'target or pattern'}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await status(context, args as SelectorArguments),
      ),
  },
  {
    command: 'runs [patt]',
    describe: 'list runs',
    builder: (yargs: Argv) =>
      withListOptions(yargs).positional('patt', {type: 'string', default: '%', describe: 'run name pattern'}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await runs(context, args as ListArguments),
      ),
  },
  {
    command: 'tests [name]',
    describe: 'list the tests of a run (default: the newest)',
    builder: (yargs: Argv) =>
      withListOptions(yargs)
        .positional('name', {type: 'string', describe: 'run name'})
        .option('failed', {type: 'boolean', describe: 'only what failed'})
        .option('resources', {
          type: 'boolean',
          describe: 'what the processes of each test used: CPU time, memory, disks',
        }),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await tests(context, args as ListArguments),
      ),
  },
  {
    command: 'steps <test>',
    describe: 'the steps of a test (name, name/item, or its id)',
    builder: withTest,
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await steps(context, args as TestArguments),
      ),
  },
  {
    command: 'data <test>',
    describe: 'the measured values of a test',
    builder: withTest,
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await data(context, args as TestArguments),
      ),
  },
  {
    command: 'logs <test> [step]',
    describe: 'print the log of a test or of one of its steps',
    builder: (yargs: Argv) =>
      withTest(yargs)
        .positional('step', {type: 'string', describe: 'step (default: the last one)'})
        .option('follow', {alias: 'f', type: 'boolean', describe: 'go on printing until the test has ended'})
        .option('path', {type: 'boolean', describe: 'only print where the log is'}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) =>
          await showLog(
            context,
            args as TestArguments & {readonly follow?: boolean; readonly path?: boolean},
          ),
      ),
  },
  {
    command: 'shell <test>',
    describe:
      'a shell in the run directory and the environment of a test; after -- a command to run there instead',
    builder: (yargs: Argv) =>
      withTest(yargs).option('window', {
        type: 'boolean',
        describe: 'in a window of its own, opened by $MT_XTERM_CMD',
      }),
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const {testShell} = await import('../actions/test-shell.ts');
        return await testShell(context, args as TestArguments);
      }),
  },
  {
    command: 'why <test>',
    describe: 'why a test has not run, or why it failed',
    builder: withTest,
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const {test, run} = await findTest(context, args as TestArguments);
        const {attemptLine, explainTest} = await import('../actions/explain-test.ts');
        const {text, attempts} = await explainTest(context, test, run);
        if (context.isJson) {
          context.json({testId: test.id, text, attempts});
        } else {
          context.print(`${[text, ...attempts.map(attemptLine)].join('\n')}\n`);
        }
        return EXIT.ok;
      }),
  },
];

function withTest<T>(yargs: Argv<T>) {
  return withRunSelectors(yargs).positional('test', {type: 'string', demandOption: true});
}

function withListOptions<T>(yargs: Argv<T>) {
  return withTestSelectors(yargs)
    .option('format', {
      choices: ['text', 'json', 'sexpr', 'legacy'] as const,
      describe: 'legacy: the exact text of -list-runs',
    })
    .option('fields', {type: 'string', describe: 'as in -fields, for the formats json, sexpr and legacy'})
    .option('sort', {type: 'string', describe: 'test field to sort by'})
    .option('since', {type: 'number', describe: 'only what changed since this time (seconds)'});
}

function count(counts: readonly StateCount[], wanted: (state: string, status: string) => boolean): number {
  return counts
    .filter(({state, status}) => wanted(state, status))
    .reduce((sum, found) => sum + found.count, 0);
}

/** The four numbers that a person asks for first. */
function tally(run: RunSummary) {
  const {counts} = run;
  return {
    total: count(counts, () => true),
    // A test that was only partly run counts as failed, whatever its dependants make of it.
    good: count(counts, (state, status) => isGood(state, status) && !hasFailed(state, status)),
    failed: count(counts, hasFailed),
    running: count(counts, isRunning),
    waiting: count(counts, (state, status) => state === 'NOT_STARTED' && status === 'n/a'),
  };
}

async function status(context: CommandContext, args: SelectorArguments): Promise<number> {
  const {session} = context;
  const {path, name} = session.area;
  const results = await session.results('exact');
  const found = await results.runs({runPatt: args.name ?? '%', target: args.target});
  const record = readServerRecord(path);
  const isUp = record !== undefined && mayBeAlive(path, record);
  const server = isUp ? await session.daemon.call('server.status', {}) : null;
  const drivers = server?.drivers ?? [];
  if (context.isJson) {
    context.json({
      area: path,
      areaName: name,
      homehost: session.homehost.name,
      source: results.source,
      daemon: server,
      runs: found.map((run) => ({
        id: run.id,
        target: run.target.join('/'),
        runName: run.runName,
        state: run.state,
        status: run.status,
        eventTime: run.eventTime,
        tests: tally(run),
        counts: run.counts,
        drivers: drivers.filter(
          (driver) => driver.target === run.target.join('/') && driver.runName === run.runName,
        ),
      })),
    });
    return EXIT.ok;
  }
  const daemon =
    server === null
      ? 'not running'
      : `up ${formatDuration(server.uptimeS)} on ${server.host}, pid ${server.pid}`;
  context.print(`${name} (${path})\nhomehost ${session.homehost.name}, daemon ${daemon}\n`);
  if (found.length === 0) {
    context.print(args.name === undefined ? 'nothing has run yet\n' : `no run matches ${args.name}\n`);
    return args.name === undefined ? EXIT.ok : EXIT.nothingMatched;
  }
  for (const run of found) {
    const {total, good, failed, running, waiting} = tally(run);
    const fails = failed > 0 ? context.style.paint('red', `${failed} failed`) : '0 failed';
    context.print(
      `\n${context.style.paint('bold', `${run.target.join('/')} ${run.runName}`)}  ${total} tests: ${good} good, ${fails}, ${running} running, ${waiting} waiting\n`,
    );
    for (const {state, status: text, count: number} of run.counts) {
      context.print(`  ${String(number).padStart(6)}  ${context.style.verdict(state, text)}\n`);
    }
    for (const driver of drivers) {
      if (driver.target === run.target.join('/') && driver.runName === run.runName) {
        const what = driver.waitsFor === null ? 'is being driven' : `waits for ${driver.waitsFor}`;
        context.print(`  ${what} (driver ${driver.id})\n`);
      }
    }
  }
  return EXIT.ok;
}

async function runs(context: CommandContext, args: ListArguments): Promise<number> {
  const results = await context.session.results('barrier');
  const format = args.format ?? 'text';
  if (format === 'legacy' || args.fields !== undefined || format === 'sexpr') {
    await listRuns(results, legacyRequest(args, args.patt ?? '%', format), (text) => context.print(text));
    return EXIT.ok;
  }
  const found = await results.runs({runPatt: args.patt ?? '%', target: args.target, sinceS: args.since});
  if (context.isJson || format === 'json') {
    context.json(found.map((run) => ({...run, target: run.target.join('/'), tests: tally(run)})));
    return EXIT.ok;
  }
  const rows = found.map((run) => {
    const {total, good, failed, running, waiting} = tally(run);
    return [
      String(run.id),
      run.target.join('/'),
      run.runName,
      run.state === 'locked' ? 'locked' : '',
      new Date(run.eventTime * 1000).toISOString().slice(0, 16).replace('T', ' '),
      String(total),
      String(good),
      failed > 0 ? context.style.paint('red', String(failed)) : '0',
      String(running),
      String(waiting),
    ];
  });
  context.print(
    table(
      ['ID', 'TARGET', 'RUN', 'LOCK', 'STARTED (UTC)', 'TESTS', 'GOOD', 'FAILED', 'RUNNING', 'WAITING'],
      rows,
    ),
  );
  return found.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

function legacyRequest(args: ListArguments, runPatt: string, format: string) {
  return {
    runPatt,
    target: args.target,
    testPatt: args.tests,
    states: list(args.state),
    statuses: list(args.status),
    sinceS: args.since,
    fields: args.fields,
    sort: args.sort,
    format: format === 'legacy' || format === 'text' ? undefined : format,
  };
}

async function tests(context: CommandContext, args: ListArguments): Promise<number> {
  const format = args.format ?? 'text';
  if (format === 'legacy' || args.fields !== undefined || format === 'sexpr') {
    if (args.resources === true) {
      throw new UserError('--resources goes with the formats text and json, without --fields', {
        exitCode: EXIT.usage,
      });
    }
    const results = await context.session.results('barrier');
    await listRuns(results, legacyRequest(args, args.name ?? '%', format), (text) => context.print(text));
    return EXIT.ok;
  }
  const run = await findRun(context, args);
  const results = await context.session.results('exact');
  const selection = {
    runIds: [run.id],
    testPatt: args.tests,
    states: list(args.state),
    statuses: list(args.status),
  };
  const isJson = context.isJson || format === 'json';
  if (isJson && args.failed !== true && args.resources !== true && !process.stdout.isTTY) {
    const texts = await results.testTexts(selection, wholeTest);
    for (const block of enclosed(texts, {open: '[', separator: ',', close: ']\n', empty: '[]\n'})) {
      context.print(block);
    }
    return EXIT.ok;
  }
  const all = await results.tests(selection);
  const rows = args.failed === true ? all.filter((row) => hasFailed(row.state, row.status)) : all;
  const usages =
    args.resources === true
      ? new Map((await results.usage(rows.map((row) => row.id))).map((usage) => [usage.testId, usage]))
      : undefined;
  if (isJson) {
    context.json(usages === undefined ? rows : rows.map((row) => withResources(row, usages.get(row.id))));
    return EXIT.ok;
  }
  const name = (row: (typeof rows)[number]) =>
    row.itemPath === '' ? row.testName : `${row.testName}/${row.itemPath}`;
  const sorted = [...rows].sort((a, b) => (name(a) < name(b) ? -1 : 1));
  context.print(`${run.target.join('/')} ${run.runName}\n`);
  context.print(
    table(
      ['ID', 'TEST', 'RESULT', 'TIME', ...(usages === undefined ? ['HOST', 'COMMENT'] : resourceHeader)],
      sorted.map((row) => [
        String(row.id),
        name(row),
        context.style.verdict(row.state, row.status),
        formatDuration(row.runDuration),
        // Before a test has said anything, its job is what one can ask for.
        ...(usages === undefined
          ? [row.host, row.comment === '' && row.state === 'LAUNCHED' ? row.job : row.comment]
          : resourceCells(usages.get(row.id))),
      ]),
    ),
  );
  return rows.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

/** A test with all that is known of it, as `JSON.stringify` of its row writes it. */
const wholeTest: TestText = {
  fields: TEST_COLUMNS.map((column) => [propertyOf(column), column]),
  isUnderId: false,
  shown: (stored) => stored,
};

function withResources(row: TestRow, usage: UsageRow | undefined) {
  if (usage === undefined) {
    return {...row, resources: null};
  }
  const {testId: _, ...resources} = usage;
  return {...row, resources};
}

async function steps(context: CommandContext, args: TestArguments): Promise<number> {
  const {test} = await findTest(context, args);
  const results = await context.session.results('exact');
  const rows = await results.steps([test.id]);
  if (context.isJson) {
    context.json(rows);
    return EXIT.ok;
  }
  const names = [...new Set(rows.map((row) => row.stepName))];
  context.print(
    table(
      ['STEP', 'STATE', 'STATUS', 'TIME', 'LOG', 'COMMENT'],
      names.map((stepName) => {
        const start = rows.find((row) => row.stepName === stepName && row.state === 'start');
        const last = rows.filter((row) => row.stepName === stepName).at(-1);
        const seconds =
          start === undefined || last === undefined || last === start
            ? undefined
            : last.eventTime - start.eventTime;
        return [
          stepName,
          last?.state ?? '',
          last?.status ?? '',
          seconds === undefined ? '' : formatDuration(seconds),
          last?.logfile || `${stepName}.log`,
          last?.comment ?? '',
        ];
      }),
    ),
  );
  return rows.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

async function data(context: CommandContext, args: TestArguments): Promise<number> {
  const {test} = await findTest(context, args);
  const results = await context.session.results('exact');
  const rows = await results.data([test.id]);
  if (context.isJson) {
    context.json(rows);
    return EXIT.ok;
  }
  context.print(
    table(
      ['CATEGORY', 'VARIABLE', 'VALUE', 'EXPECTED', 'TOLERANCE', 'UNITS', 'STATUS', 'COMMENT'],
      rows.map((row) => [
        row.category,
        row.variable,
        String(row.value),
        String(row.expected),
        String(row.tol),
        row.units,
        row.status === 'fail' ? context.style.paint('red', row.status) : row.status,
        row.comment,
      ]),
    ),
  );
  return rows.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

/** Commands that look at the area as a whole: the past of a test, what waits for what, other areas (spec cli.md 22). */
import {formatDuration, label, UserError} from '@megatest/model';
import {type ItemHistory, readServerRecord} from '@megatest/rpc';
import type {Argv} from 'yargs';
import {dependencyDot, dependencyRows} from '../view/dependencies.ts';
import {table} from '../view/style.ts';
import {
  type CommandContext,
  type CommandFile,
  EXIT,
  findRun,
  findTest,
  inArea,
  type SelectorArguments,
  withTestPattern,
} from './command.ts';

type HistoryArguments = SelectorArguments & {readonly test: string; readonly runs?: number | undefined};
type DepsArguments = SelectorArguments & {readonly dot?: boolean | undefined};

export const overviewCommands: CommandFile = (outcome) => [
  {
    command: 'history <test>',
    describe: 'results and durations of a test over runs: whether it is flaky, broken, fixed or slow',
    builder: (yargs: Argv) =>
      yargs
        .positional('test', {type: 'string', demandOption: true, describe: 'its name, name/item, or an id'})
        .option('target', {alias: 't', type: 'string', describe: 'only runs of this target or pattern'})
        .option('runs', {type: 'number', describe: 'so many results (default: [dashboard] history-runs, 20)'})
        .example('$0 history unit', 'a test and its items')
        .example('$0 history unit/small -t linux/%', 'one item, on some targets'),
    handler: async (args: unknown) =>
      await inArea(
        args as HistoryArguments,
        outcome,
        async (context) => await history(context, args as HistoryArguments),
      ),
  },
  {
    command: 'deps',
    describe: 'which test waits for which',
    builder: (yargs: Argv) =>
      withTestPattern(yargs)
        .option('dot', {type: 'boolean', describe: 'as a graph for Graphviz'})
        .example('$0 deps -p unit', 'a test with all that it waits for')
        .example('$0 deps -n nightly', 'with the results of a run')
        .example('$0 deps --dot | dot -Tsvg > deps.svg', 'as a picture'),
    handler: async (args: unknown) =>
      await inArea(
        args as DepsArguments,
        outcome,
        async (context) => await deps(context, args as DepsArguments),
      ),
  },
  {
    command: 'areas',
    describe: 'the areas of [areas], and how they are',
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => await areas(context)),
  },
];

async function history(context: CommandContext, args: HistoryArguments): Promise<number> {
  const {test, target, runs} = args;
  if (runs !== undefined && !(Number.isInteger(runs) && runs >= 1 && runs <= 1000)) {
    throw new UserError('--runs is a number from 1 to 1000', {exitCode: EXIT.usage});
  }
  const {testName, itemPath} = await testNamed(context, args);
  const found = await context.session.daemon.call('tests.history', {
    testName,
    itemPath,
    targetPatt: target,
    n: runs,
  });
  if (context.isJson) {
    context.json(found);
  } else if (found.items.length === 0) {
    context.messages.say(0, `${test} has no results${target === undefined ? '' : ` of target ${target}`}`);
  } else {
    const rows = found.items.map((item) => historyRow(context, testName, item));
    context.print(table(['TEST', 'RESULTS', 'LAST', 'SCORE', 'MEDIAN', 'VERDICT'], rows));
    if (found.isTruncated) {
      context.messages.say(0, 'there are more items; name one, or ask for fewer results with --runs');
    }
  }
  return found.items.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

/** By its name, or by the id of one of its results. */
async function testNamed(
  context: CommandContext,
  args: HistoryArguments,
): Promise<{readonly testName: string; readonly itemPath?: string}> {
  if (/^#?\d+$/.test(args.test)) {
    return (await findTest(context, args)).test;
  }
  const [, testName = args.test, itemPath] = /^([^/]*)\/(.*)$/s.exec(args.test) ?? [];
  return itemPath === undefined ? {testName} : {testName, itemPath};
}

/** One letter for each result, the oldest first. */
function historyRow({style}: CommandContext, testName: string, item: ItemHistory): readonly string[] {
  const {itemPath, outcomes, score, median, verdict, brokenSince, isSlow} = item;
  const strip = outcomes.map(({state, status}) => {
    const word = style.verdict(state, status);
    const plain = label(state, status);
    return word.replace(plain, plain.slice(0, 1));
  });
  const last = outcomes.at(-1);
  const words = [
    verdict === 'none' ? '' : verdict,
    brokenSince === null ? '' : `since ${[...brokenSince.target, brokenSince.runName].join('/')}`,
    isSlow ? 'slow' : '',
  ];
  return [
    itemPath === '' ? testName : `${testName}/${itemPath}`,
    strip.join(''),
    last === undefined ? '-' : formatDuration(last.runDuration),
    score.toFixed(2),
    median === null ? '-' : formatDuration(median),
    words.filter((word) => word !== '').join(' ') || '-',
  ];
}

async function deps(context: CommandContext, args: DepsArguments): Promise<number> {
  const run = args.name === undefined && args.target === undefined ? undefined : await findRun(context, args);
  await readyManager(context);
  const graph = await context.session.daemon.call('deps.get', {testPatt: args.tests, runId: run?.id});
  if (context.isJson) {
    context.json(graph);
  } else if (args.dot === true) {
    context.print(dependencyDot(graph));
  } else {
    const rows = dependencyRows(graph);
    const header = ['TEST', 'ITEMS', 'WAITS FOR', 'RESULTS'];
    const columns = run === undefined ? 3 : 4;
    context.print(
      table(
        header.slice(0, columns),
        rows.map((row) => row.slice(0, columns)),
      ),
    );
  }
  for (const problem of graph.problems) {
    context.messages.say(0, problem);
  }
  for (const cycle of graph.cycles) {
    context.messages.say(
      0,
      `ERROR: tests wait for each other in a cycle: ${[...cycle, cycle[0]].join(' -> ')}`,
    );
  }
  return graph.nodes.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

async function areas(context: CommandContext): Promise<number> {
  await readyManager(context);
  const rows = await context.session.daemon.call('areas.list', {});
  if (context.isJson) {
    context.json(rows);
    return EXIT.ok;
  }
  context.print(
    table(
      ['AREA', 'DAEMON', 'NEWEST RUN', 'CHANGED (UTC)', 'PATH'],
      rows.map(({name, path, isThere, isReadable, daemon, changedS, newestRun}) => [
        name,
        !isThere
          ? 'no area'
          : !isReadable
            ? 'not readable'
            : daemon === null
              ? '-'
              : `${daemon.host}:${daemon.port}`,
        newestRun === null ? '-' : `${newestRun.target}/${newestRun.runName}`,
        changedS === null ? '-' : new Date(changedS * 1000).toISOString().slice(0, 16).replace('T', ' '),
        path,
      ]),
    ),
  );
  return rows.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

/** The daemon lets a manager of its own user read the files: where this process could be that user, it need not wait for one. */
async function readyManager({session}: CommandContext): Promise<void> {
  await session.daemon.call('server.ping', {});
  const isOwn = readServerRecord(session.area.path)?.uid === process.getuid?.();
  if (session.homehost.isHere && isOwn) {
    await session.manager.call('manager.status', {});
  }
}

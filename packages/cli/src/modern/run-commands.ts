/** Commands that start, repeat, stop and change runs. */
import {join} from 'node:path';
import {hasFailed, PLAN_FORMATS, type PlanFormat, parseTarget, UserError} from '@megatest/model';
import {PROGRAM_VERSION, type SubmitOptions} from '@megatest/rpc';
import type {Argv, CommandModule} from 'yargs';
import {changeStates, removeRuns, type Selection, setRunLocks} from '../actions/change-runs.ts';
import {showPlan} from '../actions/show-plan.ts';
import {type RunRequest, submitRun} from '../actions/submit-run.ts';
import {failedFirst, printSummary} from '../view/run-summary.ts';
import {RunView} from '../view/run-view.ts';
import {
  type CommandContext,
  type CommandFile,
  EXIT,
  inArea,
  list,
  neededTarget,
  type Outcome,
  type SelectorArguments,
  withRunSelectors,
  withTestPattern,
  withTestSelectors,
} from './command.ts';
import {type LaunchArguments, withLaunchOptions} from './launch-options.ts';

type RunArguments = SelectorArguments &
  LaunchArguments & {
    readonly requireTarget?: string | undefined;
    readonly wait?: boolean | undefined;
    readonly detach?: boolean | undefined;
    readonly exitZero?: boolean | undefined;
    readonly fromStep?: string | undefined;
    readonly only?: boolean | undefined;
    readonly dryRun?: boolean | undefined;
    readonly format?: PlanFormat | undefined;
  };

export const runCommands: CommandFile = (outcome) => [
  {
    command: 'run',
    describe: 'run tests and watch them',
    builder: (yargs: Argv) =>
      withRunOptions(withTestPattern(yargs))
        .example('$0 run -t linux/v1 -n nightly', 'every test of the area')
        .example('$0 run -t linux/v1 -n nightly -p unit,build/%', 'some of them, with what they wait for')
        .example('$0 run -t linux/v1 -n nightly --detach', 'submit and leave')
        .example('$0 run -t linux/v1 --dry-run', 'what would run, and why'),
    handler: async (args: unknown) =>
      await inArea(
        args as RunArguments,
        outcome,
        async (context) => await run(context, args as RunArguments, 'run'),
      ),
  },
  rerunCommand(outcome),
  {
    command: 'wait',
    describe: 'wait until nothing of a run is running',
    builder: withTestSelectors,
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const selection = selectionOf(context, args as SelectorArguments);
        const {states, statuses, ...where} = selection;
        await context.session.daemon.call('runs.wait', {
          ...where,
          states: states === undefined ? undefined : [...states],
          statuses: statuses === undefined ? undefined : [...statuses],
        });
        return EXIT.ok;
      }),
  },
  {
    command: 'kill',
    describe: 'stop launching, and end running tests',
    builder: withTestPattern,
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const {target, runPatt, testPatt} = selectionOf(context, args as SelectorArguments);
        const killed = await context.session.daemon.call('runs.kill', {target, runPatt, testPatt});
        if (context.isJson) {
          context.json(killed);
        } else {
          context.print(`stopped ${killed.drivers} runs, asked ${killed.tests} tests to end\n`);
        }
        return killed.tests + killed.drivers > 0 ? EXIT.ok : EXIT.nothingMatched;
      }),
  },
  {
    command: 'remove',
    describe: 'remove tests of runs, and what they left on disk',
    builder: (yargs: Argv) =>
      withTestSelectors(yargs).option('dry-run', {type: 'boolean', describe: 'only say what would go'}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await remove(context, args as SelectorArguments & {dryRun?: boolean}),
      ),
  },
  ...(['lock', 'unlock'] as const).map(
    (command): CommandModule => ({
      command,
      describe: command === 'lock' ? 'protect a run from removal and resets' : 'lift that protection',
      builder: withRunSelectors,
      handler: async (args: unknown) =>
        await inArea(args as SelectorArguments, outcome, async (context) => {
          const selection = selectionOf(context, args as SelectorArguments);
          const isSure = (args as SelectorArguments).yes === true;
          const changed = await setRunLocks(context.session, selection, command === 'lock', isSure);
          return changed > 0 ? EXIT.ok : EXIT.nothingMatched;
        }),
    }),
  ),
  {
    command: 'set <what> <value>',
    describe: 'set test STATE,STATUS or set run STATUS',
    builder: (yargs: Argv) =>
      withTestSelectors(yargs)
        .positional('what', {choices: ['test', 'run'] as const, demandOption: true})
        .positional('value', {type: 'string', demandOption: true})
        .option('message', {alias: 'm', type: 'string', describe: 'comment to store with it'}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) =>
          await set(
            context,
            args as SelectorArguments & {what: 'test' | 'run'; value: string; message?: string},
          ),
      ),
  },
  {
    command: 'get <what>',
    describe: 'get run: the status of runs',
    builder: (yargs: Argv) =>
      withRunSelectors(yargs).positional('what', {choices: ['run'] as const, demandOption: true}),
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const {target, runPatt} = selectionOf(context, args as SelectorArguments);
        const results = await context.session.results('exact');
        const runs = await results.runs({runPatt, target});
        context.print(runs.map((found) => `${found.status}\n`).join(''));
        return runs.length > 0 ? EXIT.ok : EXIT.nothingMatched;
      }),
  },
];

function withRunOptions<T>(yargs: Argv<T>) {
  return withLaunchOptions(yargs)
    .option('require-target', {type: 'string', describe: 'target that must have a section of its own'})
    .option('wait', {type: 'boolean', describe: 'watch to the end (the default)'})
    .option('detach', {type: 'boolean', describe: 'submit and leave'})
    .option('dry-run', {type: 'boolean', describe: 'only show what would run, and why'})
    .option('format', {choices: PLAN_FORMATS, describe: 'form of the dry run (default: table)'})
    .option('exit-zero', {type: 'boolean', describe: 'exit code 0 also when tests failed'});
}

function rerunCommand(outcome: Outcome): CommandModule {
  return {
    command: 'rerun [what]',
    describe: 'repeat what failed (failed), what is not good (clean), or everything (all)',
    builder: (yargs: Argv) =>
      withRunOptions(withTestPattern(yargs))
        .positional('what', {
          choices: ['failed', 'clean', 'all'] as const,
          default: 'failed',
        })
        .option('from-step', {type: 'string', describe: 'keep everything, and repeat from this step on'})
        .option('only', {type: 'boolean', describe: 'with --from-step: that step alone'}),
    handler: async (args: unknown) => {
      const {what, fromStep} = args as {
        readonly what: 'failed' | 'clean' | 'all';
        readonly fromStep?: string | undefined;
      };
      await inArea(args as RunArguments, outcome, async (context) => {
        if (fromStep === undefined) {
          return await run(context, args as RunArguments, `rerun-${what}`);
        }
        const {patternFromStep} = await import('../actions/rerun-step.ts');
        const tests = await patternFromStep(context, args as RunArguments, fromStep);
        return await run(context, {...(args as RunArguments), tests}, 'rerun-step');
      });
    },
  };
}

async function run(
  context: CommandContext,
  args: RunArguments,
  action: RunRequest['action'],
): Promise<number> {
  const {session} = context;
  const target = args.requireTarget ?? neededTarget(context, args);
  parseTarget(target, session.keys, EXIT.usage);
  const runName = args.name;
  if (runName === undefined && args.dryRun !== true) {
    throw new UserError('which run? Give it a name with --name', {exitCode: EXIT.usage});
  }
  const waits = args.detach !== true && args.wait !== false;
  const options: SubmitOptions = {
    testPatt: args.tests,
    modePatt: args.mode,
    tagExpr: args.tags,
    requireTarget: args.requireTarget === undefined ? undefined : true,
    rerun: args.rerun === undefined ? undefined : [...(list(args.rerun) ?? [])],
    force: args.force,
    preclean: args.preclean,
    runWait: waits ? true : undefined,
    setVars: args.set?.join(','),
    contour: args.contour,
    maxFail: args.maxFail,
    shuffle: args.shuffle,
    fromStep: args.fromStep,
    onlyStep: args.fromStep === undefined ? undefined : args.only,
  };
  if (args.dryRun === true) {
    return await showPlan(context, {target, runName: args.name ?? '', options}, args.format);
  }
  const request: RunRequest = {
    action,
    target,
    runName: runName ?? '',
    options,
    argv: process.argv.slice(2),
    env: {MT_TARGET: target},
  };
  return waits ? await watchRun(context, request, args) : await detach(context, request);
}

async function detach(context: CommandContext, request: RunRequest): Promise<number> {
  const {target, runName} = request;
  const {driverId, runId, close} = await submitRun(context.session, request, {}, true);
  if (context.isJson) {
    context.json({driverId, runId, target, runName});
  } else {
    context.print(
      `submitted ${target} ${runName} as run ${runId}; watch it with: megatest status ${runName}\n`,
    );
  }
  close();
  return EXIT.ok;
}

async function watchRun(context: CommandContext, request: RunRequest, args: RunArguments): Promise<number> {
  const {session, messages, isJson} = context;
  const {target, runName} = request;
  const isSilent = isJson || args.quiet === true;
  const talk = (text: string) => {
    if (!isSilent) {
      context.print(text);
    }
  };
  const isTerminal = process.stdout.isTTY === true && (process.env.CI ?? '') === '' && !isSilent;
  const view = new RunView(context.style, isTerminal, talk);
  view.header({
    version: PROGRAM_VERSION,
    areaName: session.area.name,
    areaPath: session.area.path,
    target,
    runName,
    homehost: session.homehost.name,
    runDirectory: join(session.area.linkTree, target, runName),
  });
  const submitted = await submitRun(session, request, {
    onOutput: ({stream, level, text}) => {
      const isProblem = /^(ERROR|WARNING)/.test(text);
      // Result lines of the old style come as results here; ordinary talk only when asked for.
      if (stream === 'log' && messages.isShown(level) && (isProblem || args.verbose === true)) {
        if (isSilent) {
          messages.say(level, text);
        } else {
          view.note(text);
        }
      }
    },
    onResult: (result) => view.result(result),
    onProgress: (progress) => view.progress(progress),
  });
  const exitCode = await untilEndOrSignal(submitted, view, target, runName);
  view.end();
  submitted.close();
  if (exitCode !== 0) {
    return exitCode;
  }
  return await summarize(context, request, args, view.elapsedS);
}

/** First Ctrl-C: nothing new is launched, and a line says how to stop or resume; the second one kills what runs. */
async function untilEndOrSignal(
  submitted: Awaited<ReturnType<typeof submitRun>>,
  view: RunView,
  target: string,
  runName: string,
): Promise<number> {
  const interrupted = new Promise<number>((resolve) => {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.on(signal, () => {
        void submitted.stop().finally(() => {
          view.note(
            `Stopped: nothing new is launched, running tests go on.\n  end them:  megatest kill -t ${target} -n ${runName}\n  go on:     megatest run -t ${target} -n ${runName}`,
          );
          resolve(code);
        });
      });
    }
  });
  return await Promise.race([submitted.ended, interrupted]);
}

async function summarize(
  context: CommandContext,
  request: RunRequest,
  args: RunArguments,
  elapsedS: number,
): Promise<number> {
  const {target, runName} = request;
  const results = await context.session.results('exact');
  const run = (await results.runs({runPatt: '%', target})).find((found) => found.runName === runName);
  if (run === undefined) {
    return EXIT.failure;
  }
  const total = run.counts.reduce((sum, {count}) => sum + count, 0);
  if (total === 0) {
    throw new UserError(`no test matches ${args.tests ?? '%'}`, {
      hint: `the tests of this area are ${await testNames(context)}`,
      exitCode: EXIT.nothingMatched,
    });
  }
  const failures = run.counts.filter(({state, status}) => hasFailed(state, status));
  const rows = failures.length === 0 ? [] : await results.tests({runIds: [run.id]});
  const parents = new Set(rows.filter((row) => row.itemPath !== '').map((row) => row.testName));
  const failed = failedFirst(rows.filter((row) => row.itemPath !== '' || !parents.has(row.testName)));
  if (context.isJson) {
    context.json({target, runName, runId: run.id, counts: run.counts, elapsedS, failed});
  } else {
    context.print(printSummary({target, runName, counts: run.counts, failed, elapsedS}, context.style));
  }
  return failed.length > 0 && args.exitZero !== true ? EXIT.testsFailed : EXIT.ok;
}

async function testNames(context: CommandContext): Promise<string> {
  const {findTests} = await import('@megatest/config');
  return [...findTests(context.session.area).keys()].join(', ');
}

function selectionOf(context: CommandContext, args: SelectorArguments): Selection {
  const target = neededTarget(context, args);
  if (args.name === undefined) {
    throw new UserError('which run? Give its name, or a pattern such as %, with --name', {
      exitCode: EXIT.usage,
    });
  }
  return {
    target,
    runPatt: args.name,
    testPatt: args.tests ?? '%',
    states: list(args.state),
    statuses: list(args.status),
  };
}

async function remove(
  context: CommandContext,
  args: SelectorArguments & {readonly dryRun?: boolean},
): Promise<number> {
  const selection = selectionOf(context, args);
  if (args.dryRun === true) {
    const results = await context.session.results('exact');
    const runs = await results.runs({runPatt: selection.runPatt, target: selection.target});
    const rows =
      runs.length === 0
        ? []
        : await results.tests({
            runIds: runs.map((found) => found.id),
            testPatt: selection.testPatt,
            states: selection.states,
            statuses: selection.statuses,
          });
    if (context.isJson) {
      context.json(rows);
    } else {
      context.print(rows.map((row) => `would remove ${row.rundir}\n`).join(''));
    }
    return rows.length > 0 ? EXIT.ok : EXIT.nothingMatched;
  }
  const removed = await removeRuns(context.session, selection);
  if (context.isJson) {
    context.json(removed);
  } else {
    context.print(`removed ${removed.tests} tests and ${removed.runs} runs\n`);
  }
  return removed.tests + removed.runs > 0 ? EXIT.ok : EXIT.nothingMatched;
}

async function set(
  context: CommandContext,
  args: SelectorArguments & {
    readonly what: 'test' | 'run';
    readonly value: string;
    readonly message?: string;
  },
): Promise<number> {
  const selection = selectionOf(context, args);
  if (args.what === 'test') {
    const [state = '', status = ''] = args.value.split(',');
    if (state === '' || status === '') {
      throw new UserError(`set test needs STATE,STATUS, such as COMPLETED,PASS, not "${args.value}"`, {
        exitCode: EXIT.usage,
      });
    }
    const changed = await changeStates(context.session, selection, state, status, args.message);
    return changed > 0 ? EXIT.ok : EXIT.nothingMatched;
  }
  const results = await context.session.results('exact');
  const runs = await results.runs({runPatt: selection.runPatt, target: selection.target});
  for (const {id} of runs) {
    const comment = args.message;
    await context.session.daemon.call('runs.setStatus', {runId: id, status: args.value, comment});
  }
  return runs.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}

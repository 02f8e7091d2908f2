/**
 * `megatest why`: why a test has not run, why it failed, what waits for it. While its run is being driven the daemon knows; afterwards
 * the files of the area say what it waits for, and the rows of the run what became of that.
 */
import {askPlanner} from '@megatest/manager';
import {formatDuration, isGood, label} from '@megatest/model';
import type {RunSummary} from '@megatest/rpc';
import type {Attempt, TestRow} from '@megatest/store';
import type {CommandContext} from '../modern/command.ts';
import {bundlePath} from '../programs.ts';
import {environment} from '../session.ts';

export type Explanation = {readonly text: string; readonly attempts: readonly Attempt[]};

export async function explainTest(
  context: CommandContext,
  test: TestRow,
  run: RunSummary | undefined,
): Promise<Explanation> {
  const {text, attempts} = await context.session.daemon.call('tests.why', {test: {testId: test.id}});
  const isBlocked = test.state === 'NOT_STARTED' && test.status !== 'n/a';
  if (!isBlocked || run === undefined || !text.endsWith('nothing is driving its run')) {
    return {text, attempts};
  }
  const culprits = await waitonsOf(context, test, run);
  const name = test.itemPath === '' ? test.testName : `${test.testName}/${test.itemPath}`;
  const told =
    culprits.length === 0
      ? text
      : `${name} is ${label(test.state, test.status)}: it waits for ${culprits.join(', ')}`;
  return {text: told, attempts};
}

/** A line for people: what an attempt came to, and where its files are. */
export function attemptLine({attempt, result, comment, startTime, endTime, directory}: Attempt): string {
  const [state = '', status = ''] = result.split('/');
  const why = comment === '' ? '' : `: ${comment}`;
  return `  attempt ${attempt} was ${label(state, status)} after ${formatDuration(endTime - startTime)}${why}; its files are in ${directory}`;
}

/** What a test waits for and what is not good of it, as the run has it. */
async function waitonsOf(
  context: CommandContext,
  test: TestRow,
  run: RunSummary,
): Promise<readonly string[]> {
  const target = run.target.join('/');
  const {area} = context.session;
  const reply = await askPlanner(bundlePath('planner'), {
    kind: 'plan',
    areaPath: area.path,
    env: {...environment(), MT_TARGET: target},
    cwd: process.cwd(),
    target,
    runName: run.runName,
    options: {testPatt: test.testName},
    argv: [],
    isDryRun: true,
  });
  const planned = reply.plan?.tests.find(({testName}) => testName === test.testName);
  const results = await context.session.results('exact');
  const rows = await results.tests({runIds: [run.id]});
  return (planned?.waitons ?? []).flatMap(({testName}) => {
    const own = rows.filter((row) => row.testName === testName);
    const bad = own.filter((row) => !isGood(row.state, row.status));
    if (own.length === 0) {
      return [`${testName} (never run)`];
    }
    return bad.map((row) => {
      const name = row.itemPath === '' ? testName : `${testName}/${row.itemPath}`;
      return `${name} (${label(row.state, row.status)}${row.comment === '' ? '' : `: ${row.comment}`})`;
    });
  });
}

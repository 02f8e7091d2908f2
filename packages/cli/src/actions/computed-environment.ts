/**
 * The environment that a test would have if it began now, for one that has not begun or whose files are gone (spec execution.md 24,
 * point 4): what its launch alone knows (`MT_CMDINFO`, `MT_LAUNCH_ID`, the variables of `--set`) is not in it.
 */
import {findTests} from '@megatest/config';
import {askPlanner, CALLER_VARIABLES, type PlanningReply, testEnvironment} from '@megatest/manager';
import {UserError} from '@megatest/model';
import type {RunSummary} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import {bundlePath, megatestPath} from '../programs.ts';
import type {Session} from '../session.ts';

export type ComputedEnvironment = {
  readonly env: Record<string, string>;
  /** Where its testconfig is. */
  readonly testDir: string;
};

/** `own` is the environment of who asks; `rundir` is there. */
export async function computedEnvironment(
  session: Session,
  {test, run, rundir}: {readonly test: TestRow; readonly run: RunSummary; readonly rundir: string},
  own: Readonly<Record<string, string>>,
): Promise<ComputedEnvironment> {
  const {testName, itemPath} = test;
  const testDir = findTests(session.area).get(testName);
  if (testDir === undefined) {
    throw new UserError(`the area has no test ${testName} any more`, {exitCode: 1});
  }
  const target = run.target.join('/');
  const ask = async (kind: 'context' | 'items') =>
    answered(
      await askPlanner(bundlePath('planner'), {
        kind,
        areaPath: session.area.path,
        env: {...own},
        cwd: session.area.path,
        target,
        runName: run.runName,
        options: {},
        argv: [],
        testName,
        testDir,
      }),
    );
  const {context} = await ask('context');
  const item =
    itemPath === '' ? undefined : (await ask('items')).items?.find((one) => one.itemPath === itemPath);
  if (context === undefined || (itemPath !== '' && item === undefined)) {
    throw new UserError(`the test ${testName} has no item ${itemPath} any more`, {exitCode: 1});
  }
  const info = {
    testpath: testDir,
    toppath: context.areaPath,
    'work-area': rundir,
    'test-name': testName,
    'run-id': test.runId,
    'test-id': test.id,
    runname: run.runName,
    target,
    itemdat: item?.vars ?? [],
    megatest: context.executable ?? megatestPath(),
    areaname: context.areaName,
    'env-ovrd': context.envOverride,
    'set-vars': null,
    contour: run.contour === '' ? null : run.contour,
    'launch-id': '',
    shortdir: test.shortdir,
  };
  const computed = Object.entries(testEnvironment(info, '', own, context));
  const theirs = computed.filter(([name]) => name !== 'MT_CMDINFO' && !CALLER_VARIABLES.has(name));
  const mine = Object.entries(own).filter(([name]) => CALLER_VARIABLES.has(name));
  return {env: Object.fromEntries([...theirs, ...mine]), testDir};
}

function answered(reply: PlanningReply): PlanningReply {
  if (reply.error !== undefined) {
    throw new UserError(reply.error, {exitCode: 1});
  }
  return reply;
}

/** The testconfig of a test that has run, read in the environment that it had. */
import {askPlanner, decodeCommandInfo, type PlanningReply} from '@megatest/manager';
import {bundlePath} from '../programs.ts';
import type {Session} from '../session.ts';

/** `env` is what `megatest.sh` gives; `undefined` when the testconfig cannot be read, or nothing says where it is. */
export async function readTestconfigOf(
  session: Session,
  env: Readonly<Record<string, string>>,
  testDir = testDirOf(env),
): Promise<PlanningReply['testconfig']> {
  if (testDir === undefined) {
    return undefined;
  }
  const areaPath = session.area.path;
  const {testconfig} = await askPlanner(bundlePath('planner'), {
    kind: 'testconfig',
    areaPath,
    env: {...env},
    cwd: areaPath,
    target: env.MT_TARGET ?? '',
    runName: env.MT_RUNNAME ?? '',
    options: {},
    argv: [],
    testDir,
  });
  return testconfig;
}

function testDirOf({MT_CMDINFO: encoded}: Readonly<Record<string, string>>): string | undefined {
  return encoded === undefined ? undefined : decodeCommandInfo(encoded).testpath;
}

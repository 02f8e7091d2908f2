/** The daemon in this process: its settings are read from the area's config in a child, for the daemon runs no user's command. */
import {askPlanner, leaveGroupOfTest} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {releaseStartLock} from '@megatest/rpc';
import {bundlePath} from '../programs.ts';
import {environment, type Session} from '../session.ts';

export async function startServer(session: Session): Promise<number> {
  const {area, homehost} = session;
  leaveGroupOfTest();
  try {
    if (!homehost.isHere) {
      throw new UserError(
        `-server must be run on the homehost, which is ${homehost.name}; removing .homehost moves it, but disrupts runs in progress`,
        {place: {file: homehost.file}, exitCode: 1},
      );
    }
    const asked = askPlanner(bundlePath('planner'), {
      kind: 'settings',
      areaPath: area.path,
      env: environment(),
      cwd: area.path,
      target: '',
      runName: '',
      options: {},
      argv: [],
    });
    // Loaded while the child reads.
    const [reply, {daemonSettings, runDaemon}] = await Promise.all([asked, import('@megatest/homehost')]);
    if (reply.settings === undefined) {
      throw new UserError(reply.error ?? 'the settings of the daemon could not be read');
    }
    return await runDaemon({
      settings: daemonSettings.parse(reply.settings),
      syncWorkerPath: bundlePath('sync-worker'),
      viewWorkerPath: bundlePath('view-worker'),
      managerPath: bundlePath('manager'),
    });
  } catch (error) {
    releaseStartLock(area.path);
    throw error;
  }
}

/** What is told of the work of a homehost: what it has written, who works for it and what it drives. */
import type {ServerStatus} from '@megatest/rpc';
import type {Homehost} from './homehost.ts';

export function statusOf({
  writes,
  managers,
  drivers,
  store,
}: Homehost): Pick<ServerStatus, 'writes' | 'managers' | 'drivers' | 'jobs'> {
  return {
    writes,
    jobs: store.jobs.openCounts(),
    managers: managers
      .all()
      .map(({id, host, user, pid}) => ({id, host, user, pid, tests: managers.testsOf(id)})),
    drivers: [...drivers.values()]
      .filter((driver) => driver.stage !== 'ended')
      .map((driver) => {
        const {target, runName, manager} = driver.submission;
        const isThere = managers.find(manager.host, manager.user) !== undefined;
        return {
          id: driver.id,
          target,
          runName,
          waitsFor: isThere ? null : `a manager of ${manager.user} on ${manager.host}`,
        };
      }),
  };
}

/** What managers tell and ask. */
import type {CallHandlers, managersMethods} from '@megatest/rpc';
import {cutEntry} from '../cut-records.ts';
import {applyReport} from '../reports.ts';
import {SampleTimes} from '../sample-times.ts';
import type {HandlerTools} from './handler-tools.ts';

export type ManagersHandlers = CallHandlers<typeof managersMethods>;

export function managersHandlers(tools: HandlerTools): ManagersHandlers {
  const {store, homehost, cutter} = tools;
  const samples = new SampleTimes();
  return {
    'manager.register': ({managerId, host, user, pid, cpus, launches, jobs}, {connection}) => {
      const manager = {id: managerId, host, user, pid, cpus, connection};
      const forget = homehost.managerRegistered(manager, launches);
      const forgetJobs = homehost.jobs.managerRegistered(manager, jobs);
      const submissions = homehost.submissionsAt(host, user);
      return {managerId, forget, forgetJobs, submissions};
    },
    'pilot.next': async ({job, manager: {host, user}, taken, max}) => {
      const known = new Set(taken);
      const left = () => store.tests.launchedOf(job).filter(({launchId}) => !known.has(launchId));
      await homehost.waitUntil(() => left().length > 0 || homehost.submissionsAt(host, user).length === 0);
      const tests = left().slice(0, max);
      return {tests, isOver: tests.length === 0};
    },
    'manager.heartbeat': async ({managerId, tests, load, jobs}) => {
      homehost.managers.setLoad(managerId, load);
      await homehost.jobs.renew(homehost.managers.get(managerId), jobs);
      if (tests.length === 0) {
        return {kill: []};
      }
      await homehost.write(() => {
        for (const {testId, runDuration, cpuload, diskfree} of tests) {
          store.tests.update(testId, {runDuration, cpuload, diskfree});
        }
        const [first] = tests;
        const nowS = homehost.nowS();
        if (first !== undefined && samples.isDue(homehost.managers.hostOf(managerId) ?? managerId, nowS)) {
          store.usage.addSample(first.testId, nowS, load[0] ?? -1, first.diskfree ?? -1, first.runDuration);
        }
      });
      return {
        kill: tests
          .map(({testId}) => testId)
          .filter((testId) => store.tests.get(testId)?.state === 'KILLREQ'),
      };
    },
    'manager.report': async ({journalId, entries}, context) => {
      const cut = cutter(context);
      const kept = entries.map(({seq, entry}) => ({seq, entry: cutEntry(cut, entry)}));
      const done = await homehost.write(() =>
        applyReport(store, journalId, kept, homehost.nowS(), {
          onFatalLaunch: (row, reason) => {
            for (const driver of homehost.driversOfRun(row.runId)) {
              driver.launchImpossible(
                row.itemPath === '' ? row.testName : `${row.testName}/${row.itemPath}`,
                reason,
              );
            }
          },
          onLostLaunch: (row) => homehost.launchAnew(row),
          onJob: (entry) => homehost.jobs.reported(entry),
        }),
      );
      return {done};
    },
  };
}

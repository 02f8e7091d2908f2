/** What the scheduler knows, for who asks. */
import {MODES, type Mode, modesOf} from '@megatest/model';
import {type CallHandlers, RpcError, type schedulingMethods} from '@megatest/rpc';
import {PrerequisiteCheck} from '../scheduler/prerequisites.ts';
import type {HandlerTools} from './handler-tools.ts';

export type SchedulingHandlers = CallHandlers<typeof schedulingMethods>;

export function schedulingHandlers({store, homehost, run}: HandlerTools): SchedulingHandlers {
  return {
    'sched.prereqs': ({runId, queries}, {connection}) => {
      run(runId);
      const hasMaps = queries.some(({itemmaps}) => (itemmaps?.length ?? 0) > 0);
      if (hasMaps && connection.role !== 'operator') {
        // A regular expression can keep the daemon busy for as long as its author likes.
        throw new RpcError('notAllowed', 'to give item maps needs the read-write key', {
          role: connection.role,
          needed: 'operator',
        });
      }
      const drivers = homehost.driversOfRun(runId);
      const check = new PrerequisiteCheck({
        rowsOf: (testName) => store.listings.statesOf(runId, testName),
        scheduledOf: (testName) => drivers.flatMap(({schedule}) => schedule?.nodeOf(testName) ?? []),
        mayStart: (testName) => drivers.some(({schedule}) => schedule?.mayStart(testName) ?? true),
        isRunningAnywhere: (testName, itemPath) => homehost.slots.isRunning(testName, itemPath),
      });
      return queries.map(({testName, itemPath, waitons, mode, itemmaps}) => {
        const modes = modesIn(mode ?? '');
        try {
          return check.ask({testName, itemPath, waitons, modes, itemMaps: itemmaps ?? []});
        } catch (error) {
          if (error instanceof SyntaxError) {
            throw new RpcError(
              'invalidValue',
              `an item map of ${testName} does not compile: ${error.message}`,
              {
                field: 'itemmaps',
              },
            );
          }
          throw error;
        }
      });
    },
    'sched.counts': ({runId, jobgroups}) => ({
      all: homehost.slots.size,
      run: homehost.slots.inRun(runId),
      byJobgroup: Object.fromEntries(jobgroups.map((group) => [group, homehost.slots.inGroup(group)])),
    }),
    'hosts.load': ({hosts}) => {
      const names = hosts.map(withoutDomain);
      const loads = store.listings.hostLoads(names);
      return hosts.map((host, index) => {
        const {load, timeS} = loads.get(names[index] ?? '') ?? {load: -1, timeS: 0};
        return {host, load, time: timeS};
      });
    },
  };
}

function modesIn(text: string): readonly Mode[] {
  const words = text.split(/\s+/).filter((word) => word !== '');
  const unknown = words.find((word) => !(MODES as readonly string[]).includes(word));
  if (unknown !== undefined) {
    throw new RpcError('invalidValue', `there is no mode "${unknown}", only ${MODES.join(', ')}`, {
      field: 'mode',
      value: unknown,
    });
  }
  return modesOf(words);
}

function withoutDomain(host: string): string {
  return host.split('.', 1)[0] ?? host;
}

/** The rows of a submission: its run, and the runner that a driver is for. */
import {RpcError} from '@megatest/rpc';
import type {Store} from '@megatest/store';
import type {Submission} from './driver.ts';

type Registered = {readonly driverId: number; readonly runId: number};

/** Throws for a target that is none of this area. */
function targetValues(store: Store, target: string): readonly string[] {
  const values = target.split('/');
  const {keys} = store;
  if (values.length !== keys.length) {
    throw new RpcError('invalidValue', `Invalid target, "${target}" should be: ${keys.join('/')}`, {
      field: 'target',
      value: target,
    });
  }
  return values;
}

/** To be called within a transaction; throws for a run that is locked. */
export function registerSubmission(
  store: Store,
  submission: Submission,
  {host, pid}: {readonly host: string; readonly pid: number},
  nowS: number,
): Registered {
  const {uuid, target, runName, options, owner, action} = submission;
  const values = [...targetValues(store, target)];
  const contour = options.contour ?? '';
  const {runId} = store.runs.register(
    {target: values, runName, state: 'new', status: 'n/a', owner, contour},
    nowS,
  );
  if (action !== 'run' && store.runs.get(runId)?.state === 'locked') {
    throw new RpcError('conflict', `run ${target}/${runName} is locked; unlock it first`, {
      current: 'locked',
    });
  }
  const testPatt = options.testPatt ?? '%';
  const driverId = store.runners.add(
    {uuid, action, owner, host, pid, target, runName, testPatt, options: JSON.stringify(submission)},
    nowS,
  );
  store.runners.setRun(driverId, runId);
  return {driverId, runId};
}

/** `runs.delete`: the records of a whole run, whatever becomes of its directories (spec homehost.md 9.3). */
import {isRunning} from '@megatest/model';
import {RpcError} from '@megatest/rpc';
import type {RunRow} from '@megatest/store';
import type {HandlerTools} from './handler-tools.ts';

/** To be called within a transaction. Refuses a run that is locked, or of which something is still going on. */
export function deleteRun(
  {homehost, store}: HandlerTools,
  run: RunRow,
): {readonly tests: number; readonly steps: number; readonly data: number} {
  const name = `run ${run.target.join('/')}/${run.runName}`;
  if (run.state === 'locked') {
    throw new RpcError('conflict', `${name} is locked; unlock it first`, {current: 'locked'});
  }
  // One that was submitted in this transaction stands only there.
  const drivers = store.runners.liveOf(run.id);
  if (drivers > 0) {
    throw new RpcError('conflict', `${name} is being driven; stop it first`, {current: {drivers}});
  }
  const tests = store.tests.list({runIds: [run.id]});
  const running = tests.filter(
    ({id, state}) => isRunning(state) || (state === 'KILLREQ' && homehost.managers.mayHearOf(id)),
  ).length;
  if (running > 0) {
    throw new RpcError('conflict', `${running} tests of ${name} are running; end them first`, {
      current: {running},
    });
  }
  const records = store.runs.deleteRecords(run.id);
  store.tests.delete(tests.map(({id}) => id));
  store.runs.delete(run.id);
  return {tests: tests.length, ...records};
}

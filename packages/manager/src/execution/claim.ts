/**
 * A test that a launcher brought is claimed before anything of it runs: a batch system may start a job twice, and only the first one
 * may go on (spec execution.md 10.2). An order of the daemon's own comes once, and is only told.
 */
import {hostname} from 'node:os';
import {RpcError} from '@megatest/rpc';
import type {CommandInfo} from './cmdinfo.ts';
import type {ExecutionWorld} from './execution-world.ts';
import type {TestRecords} from './test-records.ts';

export type ClaimOptions = {
  /** The manager before this one may have claimed it and died before it could say so. */
  readonly isAdopted: boolean;
  /** Steps that are repeated; `undefined` for all. */
  readonly steps: readonly string[] | undefined;
};

/** Whether the test is ours to run. */
export async function claimTest(
  info: CommandInfo,
  world: ExecutionWorld,
  records: TestRecords,
  {isAdopted, steps}: ClaimOptions,
): Promise<boolean> {
  const only = steps === undefined ? {} : {steps: [...steps]};
  if (world.claim === undefined) {
    records.report({type: 'claimed', host: hostname(), pid: process.pid, ...only});
    return true;
  }
  const request = {
    testId: info['test-id'],
    launchId: info['launch-id'],
    host: hostname(),
    pid: process.pid,
    pidStart: '',
    ...only,
    ...(isAdopted ? {takeOver: true} : {}),
  };
  try {
    const {run} = await world.claim(request);
    return run;
  } catch (error) {
    if (error instanceof RpcError && (error.kind === 'conflict' || error.kind === 'notFound')) {
      world.log(`ERROR: ${error.message}`);
      return false;
    }
    throw error;
  }
}

/** What changes stored runs: removing, setting states, locking, waiting. Both styles of the command line call these. */

import {hostname, userInfo} from 'node:os';
import {createInterface} from 'node:readline/promises';
import type {Session} from '../session.ts';

export type Selection = {
  /** A pattern for each part. */
  readonly target: string;
  readonly runPatt: string;
  readonly testPatt: string;
  readonly states?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
};

function filters(selection: Selection) {
  const {states, statuses} = selection;
  return {
    states: states === undefined ? undefined : [...states],
    statuses: statuses === undefined ? undefined : [...statuses],
  };
}

export async function removeRuns(
  session: Session,
  selection: Selection,
): Promise<{readonly tests: number; readonly runs: number}> {
  const {target, runPatt, testPatt} = selection;
  const {messages} = session;
  // Directories are removed by this user's manager, on this host.
  await session.manager.welcome();
  const removed = await session.daemon.call('runs.remove', {
    target,
    runPatt,
    testPatt,
    ...filters(selection),
    manager: {host: hostname(), user: userInfo().username},
  });
  for (const text of removed.messages) {
    messages.say(0, text);
  }
  return removed;
}

export async function changeStates(
  session: Session,
  selection: Selection,
  state: string | undefined,
  status: string | undefined,
  comment?: string,
): Promise<number> {
  const {target, runPatt, testPatt} = selection;
  const {states, statuses} = filters(selection);
  const {changed} = await session.daemon.call('tests.setStateBatch', {
    target,
    runPatt,
    testPatt,
    fromStates: states,
    fromStatuses: statuses,
    state,
    status,
    comment,
  });
  session.messages.info(1, `set ${changed} tests to ${state ?? ''}/${status ?? ''}`);
  return changed;
}

/** Unlocking asks for each run first, unless the caller `isSure`. */
export async function setRunLocks(
  session: Session,
  selection: Selection,
  isLock: boolean,
  isSure = false,
): Promise<number> {
  const {target, runPatt} = selection;
  const results = await session.results('exact');
  let changed = 0;
  for (const run of await results.runs({runPatt, target})) {
    const name = `${run.target.join('/')}/${run.runName}`;
    if (!isLock && !isSure && !(await isConfirmed(`Do you really wish to unlock run ${name}?\n   y/n: `))) {
      session.messages.info(0, `Skipping lock/unlock on ${name}`);
      continue;
    }
    const user = userInfo().username;
    await session.daemon.call('runs.setLock', {runId: run.id, locked: isLock, user});
    changed += 1;
  }
  return changed;
}

async function isConfirmed(question: string): Promise<boolean> {
  const reader = createInterface({input: process.stdin, output: process.stdout});
  try {
    // An input that ends without an answer is a no; the question alone would never be answered.
    const ended = new Promise<string>((resolve) => {
      reader.once('close', () => resolve(''));
    });
    return (await Promise.race([reader.question(question), ended])).trim() === 'y';
  } finally {
    reader.close();
  }
}

export async function waitForRuns(session: Session, selection: Selection): Promise<void> {
  const {target, runPatt, testPatt} = selection;
  await session.daemon.call('runs.wait', {target, runPatt, testPatt, ...filters(selection)});
}

/**
 * Commands that run when a test gets a state or a status (spec execution.md 19): each after its write is committed, in the order of
 * the writes, in the background, and never waited for.
 */
import {spawn} from 'node:child_process';
import {closeSync, openSync, statSync} from 'node:fs';
import type {Env} from '@megatest/config';

/** `[triggers]`: key to command. */
export type TriggerList = readonly (readonly [string, string])[];

export type FiredTrigger = {readonly key: string; readonly command: string};

/** The triggers of a write, in their fixed order: `STATE/STATUS`, `STATE/`, `/STATUS`; keys are compared exactly. */
export function firedTriggers(triggers: TriggerList, state: string, status: string): readonly FiredTrigger[] {
  const commands = new Map(triggers);
  return [...new Set([`${state}/${status}`, `${state}/`, `/${status}`])].flatMap((key) => {
    const command = commands.get(key);
    return command === undefined ? [] : [{key, command}];
  });
}

export type TriggerCall = {
  readonly triggers: TriggerList;
  readonly testId: number;
  readonly rundir: string;
  readonly env: Readonly<Env>;
  readonly state: string;
  readonly status: string;
};

/** Starts what a write has fired, when the test has a directory; output goes to the end of `logPath`. */
export function startTriggers(call: TriggerCall, logPath: string, log: (text: string) => void): void {
  const {triggers, testId, rundir, state, status} = call;
  if (!(statSync(rundir, {throwIfNoEntry: false})?.isDirectory() ?? false)) {
    return;
  }
  const {MT_LAUNCH_ID: _, ...env} = call.env;
  for (const {key, command} of firedTriggers(triggers, state, status)) {
    log(`INFO: (0) trigger ${key} of test ${testId}: ${command}`);
    const output = openSync(logPath, 'a', 0o600);
    try {
      const shell = env.SHELL === undefined || env.SHELL === '' ? '/bin/sh' : env.SHELL;
      const child = spawn(shell, ['-c', `${command} ${testId} ${rundir} ${key}&`], {
        cwd: rundir,
        env,
        detached: true,
        stdio: ['ignore', output, output],
      });
      child.once('error', (error) => log(`ERROR: trigger ${key} of test ${testId}: ${error.message}`));
      child.unref();
    } finally {
      closeSync(output);
    }
  }
}

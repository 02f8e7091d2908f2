/**
 * Carrying a waiver to the next run (spec execution.md 18): a test that fails as it did when somebody waived it is WAIVED again,
 * when every entry of `[waivers]` shows that its files are still the same.
 */
import {spawn} from 'node:child_process';
import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {Env} from '@megatest/config';

export type WaiverRules = {
  /** `[waivers]`: name to `rule file`. */
  readonly waivers: readonly (readonly [string, string])[];
  /** `[waiver_rules]`: rule to command. */
  readonly waiverRules: readonly (readonly [string, string])[];
};

/** The same test in the newest other run of the target. */
export type PreviousTest = {
  readonly state: string;
  readonly status: string;
  readonly comment: string;
  readonly rundir: string;
};

/** The command of each entry, in order; `undefined` for an entry without a file, which never succeeds. */
export function waiverCommands(
  rules: WaiverRules,
  rundir: string,
  previousRundir: string,
  isThere: (path: string) => boolean,
): readonly (string | undefined)[] {
  const commands = new Map(rules.waiverRules);
  return rules.waivers.map(([name, value]) => {
    const [, rule = '', glob] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(value) ?? [];
    if (glob === undefined) {
      return undefined;
    }
    const fallback = isThere(join(rundir, `${name}.logpro`))
      ? 'diff %file1% %file2% | logpro %waivername%.logpro %waivername%.html'
      : 'diff %file1% %file2%';
    return (commands.get(rule) ?? fallback)
      .replaceAll('%waivername%', name)
      .replaceAll('%file1%', `${rundir}/${glob}`)
      .replaceAll('%file2%', `${previousRundir}/${glob}`);
  });
}

export type WaiverRequest = {
  readonly rules: WaiverRules;
  readonly rundir: string;
  readonly env: Readonly<Env>;
  readonly previous: () => Promise<PreviousTest | null>;
  readonly log: (text: string) => void;
};

/** The comment of the waiver that still holds; `undefined` when the test has really failed. */
export async function heldWaiver(request: WaiverRequest): Promise<string | undefined> {
  const {rules, rundir, env, log} = request;
  if (rules.waivers.length === 0) {
    return undefined;
  }
  const previous = await request.previous();
  if (previous === null || previous.state !== 'COMPLETED' || previous.status !== 'WAIVED') {
    return undefined;
  }
  if (!(statSync(rundir, {throwIfNoEntry: false})?.isDirectory() ?? false)) {
    log(`ERROR: ${rundir} is not a directory, so no waiver can be checked`);
    return undefined;
  }
  for (const command of waiverCommands(rules, rundir, previous.rundir, existsSync)) {
    if (command === undefined) {
      return undefined;
    }
    log(`INFO: (0) waiver rule: ${command}`);
    if ((await exitCodeOf(command, rundir, env)) !== 0) {
      return undefined;
    }
  }
  return previous.comment;
}

async function exitCodeOf(command: string, cwd: string, env: Readonly<Env>): Promise<number> {
  return await new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {cwd, env: {...env}, stdio: 'ignore'});
    child.once('error', () => resolve(127));
    child.once('exit', (code) => resolve(code ?? 255));
  });
}

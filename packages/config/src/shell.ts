/** Runs the commands that config files contain: shell helpers, `[system]` values, script includes, values of env sections. */
import {spawnSync} from 'node:child_process';
import {existsSync, realpathSync} from 'node:fs';

/** The environment that a file is read in. Lines may change it; the process's own is never touched. */
export type Env = Record<string, string>;

export type CommandResult = {readonly code: number; readonly stdout: string};

/** A command that prints more than this is ended: a config value is a line, not a data file. */
const maxOutputBytes = 64 * 1024 * 1024;

/** `/bin/sh`, or bash where sh is another shell: existing areas use bash's features in helpers (config.md 4.2). */
const shell = ((): string => {
  const sh = existsSync('/bin/sh') ? realpathSync('/bin/sh') : '';
  return !sh.endsWith('bash') && existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
})();

/** Runs `command` and waits for it. Its standard error goes where the caller's goes. */
export function runShell(command: string, env: Env, cwd: string, timeoutMs?: number): CommandResult {
  const result = spawnSync(shell, ['-c', command], {
    env,
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: maxOutputBytes,
    ...(timeoutMs === undefined ? {} : {timeout: timeoutMs, killSignal: 'SIGKILL' as const}),
  });
  return {code: result.status ?? 255, stdout: result.stdout ?? ''};
}

/** Output lines joined by one blank, the final newline dropped. */
export function joinLines(output: string): string {
  const text = output.endsWith('\n') ? output.slice(0, -1) : output;
  return text.replace(/\r?\n/g, ' ');
}

/** What plain `echo` would give back unchanged, so that no shell is needed (config.md 6.2). */
const isPlain = /^[A-Za-z0-9_./:,=+@%^]([A-Za-z0-9_./:,=+@%^-]| (?=[^ ]))*$/;

/** The first output line of `echo VALUE`; `undefined` when the shell printed nothing. */
export function evaluateInShell(value: string, env: Env, cwd: string): string | undefined {
  const trimmed = value.trim();
  if (trimmed === '') {
    return '';
  }
  if (isPlain.test(trimmed)) {
    return trimmed;
  }
  // printf with the words as arguments, so that neither an option nor a backslash in a value is taken for echo's own.
  const script = `set -- ${trimmed}\n[ $# -eq 0 ] && echo && exit\nprintf '%s' "$1"; shift; [ $# -gt 0 ] && printf ' %s' "$@"; echo`;
  const simple = runShell(hasOperator.test(trimmed) ? `echo ${value}` : script, env, cwd);
  const [first] = simple.stdout.split('\n');
  return simple.stdout === '' ? undefined : first;
}

/** Characters with which a value is more than words for `echo`. */
const hasOperator = /[;&|<>\n]/;

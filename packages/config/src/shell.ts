/** Runs the commands that config files contain: shell helpers, `[system]` values, script includes, values of env sections. */
import {spawnSync} from 'node:child_process';
import {existsSync, realpathSync} from 'node:fs';

/** The environment that a file is read in. Lines may change it; the process's own is never touched. */
export type Env = Record<string, string>;

export type CommandResult = {
  readonly code: number;
  readonly stdout: string;
  /** Why the command was ended before it ended by itself. */
  readonly stopped?: string;
};

/** A command that prints more than this is ended: a config value is a line, not a data file. */
const maxOutputBytes = 16 * 1024 * 1024;

/** `/bin/sh`, or bash where sh is another shell: existing areas use bash's features in helpers (config.md 4.2). */
const shell = ((): string => {
  const sh = existsSync('/bin/sh') ? realpathSync('/bin/sh') : '';
  return !sh.endsWith('bash') && existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
})();

/** Runs `command` and waits for it. Its standard error goes where the caller's goes. */
export function runShell(command: string, env: Env, cwd: string, timeoutMs?: number): CommandResult {
  return run(command, env, cwd, timeoutMs, 'pipe');
}

/** The same, for a command whose output nobody wants: it goes to standard error, so that listings stay clean. */
export function runShellToStderr(command: string, env: Env, cwd: string, timeoutMs?: number): CommandResult {
  return run(command, env, cwd, timeoutMs, 2);
}

function run(
  command: string,
  env: Env,
  cwd: string,
  timeoutMs: number | undefined,
  stdout: 'pipe' | 2,
): CommandResult {
  if (command.includes('\0') || Object.values(env).some((value) => value.includes('\0'))) {
    return {code: 255, stdout: '', stopped: 'there is a zero byte in the command or in the environment'};
  }
  const result = spawnSync(shell, ['-c', command], {
    env,
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'inherit'],
    maxBuffer: maxOutputBytes,
    killSignal: 'SIGKILL',
    ...(timeoutMs === undefined ? {} : {timeout: Math.ceil(timeoutMs)}),
  });
  const error: NodeJS.ErrnoException | undefined = result.error;
  return {
    code: result.status ?? 255,
    stdout: result.stdout ?? '',
    ...(error === undefined ? {} : {stopped: stopReasons[error.code ?? ''] ?? error.message}),
  };
}

const stopReasons: Readonly<Record<string, string>> = {
  ENOBUFS: `it printed more than ${maxOutputBytes / 1024 / 1024} MiB`,
  ETIMEDOUT: 'it took too long',
  E2BIG: 'the command or the environment is longer than the system allows',
};

/** Output lines joined by one blank, the final newline dropped. */
export function joinLines(output: string): string {
  const text = output.endsWith('\n') ? output.slice(0, -1) : output;
  return text.includes('\n') ? text.replace(/\r?\n/g, ' ') : text;
}

/** What plain `echo` would give back unchanged, so that no shell is needed (config.md 6.2). */
const isPlain = /^[A-Za-z0-9_./:,=+@%^]([A-Za-z0-9_./:,=+@%^-]| (?=[^ ]))*$/;
/** Plain words with variables: the shell does nothing to them either when the variables are plain. */
const withVariables = /^(?:[A-Za-z0-9_./:,=+@%^ -]|\$\w+|\$\{\w+\})*$/;

/** The first output line of `echo VALUE`; `undefined` when the shell printed nothing. */
export function evaluateInShell(
  value: string,
  env: Env,
  cwd: string,
  timeoutMs?: number,
): string | undefined {
  const trimmed = value.trim();
  if (trimmed === '') {
    return '';
  }
  if (isPlain.test(trimmed)) {
    return trimmed;
  }
  const substituted = substituteVariables(trimmed, env);
  if (substituted !== undefined) {
    return substituted;
  }
  // A function of its own name in the place of `echo`: no option, no backslash and no other shell's habit can change the words,
  // and an `echo` inside the value is still the shell's.
  const script = `mt_words() { local IFS=' '; printf '%s\\n' "$*"; }\nmt_words ${value}`;
  const {stdout} = runShell(script, env, cwd, timeoutMs);
  return stdout === '' ? undefined : stdout.split('\n', 1)[0];
}

/** The value with its `$NAME` replaced, when that is all a shell would do; most env sections consist of such lines. */
function substituteVariables(value: string, env: Env): string | undefined {
  if (!withVariables.test(value)) {
    return undefined;
  }
  const text = value.replace(/\$(\w+)|\$\{(\w+)\}/g, (whole, bare?: string, braced?: string) => {
    const name = bare ?? braced ?? '';
    return /^[A-Za-z_]/.test(name) ? (env[name] ?? whole) : whole;
  });
  return isPlain.test(text) ? text : undefined;
}

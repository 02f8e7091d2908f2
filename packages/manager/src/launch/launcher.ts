/** Which command brings a test to its host, and running it (spec execution.md 6, 7). */
import {spawn} from 'node:child_process';
import {appendFileSync, closeSync, existsSync, openSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {TestPattern} from '@megatest/model';
import type {AreaContext} from '../plan/area-context.ts';
import {type HostLoads, leastLoaded} from './host-load.ts';

/** The launcher command for a test; `undefined` = this manager runs it itself. */
export async function chooseLauncher(
  launcher: AreaContext['launcher'],
  testName: string,
  itemPath: string,
  world: {readonly log: (text: string) => void; readonly hostLoads: HostLoads},
): Promise<string | undefined> {
  const command = configuredLauncher(launcher, testName, itemPath, world.log);
  const [first, ...hosts] = command?.split(/\s+/) ?? [];
  if (first !== '#MTLOWESTLOAD') {
    return command;
  }
  const host = leastLoaded(await world.hostLoads.of(hosts), Math.random);
  if (host === undefined) {
    world.log(`ERROR: none of the hosts ${hosts.join(' ')} can be reached, the fallback launcher is used`);
    return launcher.command ?? undefined;
  }
  return `remrun ${host}`;
}

/** The launcher as it is written: of the first pattern that matches, else the area's (execution.md 7). */
export function configuredLauncher(
  launcher: AreaContext['launcher'],
  testName: string,
  itemPath: string,
  warn: (text: string) => void,
): string | undefined {
  if (launcher.isFlexible) {
    const hostTypes = new Map(launcher.hostTypes);
    for (const [pattern, hostType] of launcher.patterns) {
      if (!new TestPattern(pattern).matches(testName, itemPath)) {
        continue;
      }
      const command = hostTypes.get(hostType.trim());
      if (command !== undefined) {
        return command.trim();
      }
      warn(`WARNING: no launcher found for host-type ${hostType}`);
    }
  }
  return launcher.command ?? undefined;
}

export type ExecuteWords = {
  /** `area:test:item`, only to make process listings readable. */
  readonly signature: string;
  readonly encoded: string;
  /** Levels of messages, when they are not the usual ones. */
  readonly debug: string | undefined;
};

/** What follows the launcher and the `megatest` command: words joined by blanks, nothing quoted (execution.md 6.2). */
export function executeWords(words: ExecuteWords): string {
  const {signature, encoded, debug} = words;
  const options = debug === undefined || debug === '1' ? [] : ['-debug', debug];
  return ['-m', signature, '-execute', encoded, ...options].join(' ');
}

export type LaunchOutcome =
  | {readonly kind: 'launched'}
  /** It cannot be started at all: not found, or not executable. */
  | {readonly kind: 'impossible'; readonly reason: string}
  /** It ended with a bad code; the test may have started all the same. */
  | {readonly kind: 'failed'; readonly code: number; readonly lastLine: string};

export type LaunchCommand = {
  readonly words: string;
  readonly usesShell: boolean;
  readonly waits: boolean;
  readonly cwd: string;
  readonly env: Env;
  /** Called when the launcher runs, with its pid. */
  readonly onStarted?: (pid: number) => void;
};

/** Runs a launch command; with `waits` until it ends, its output in `mt_launch.log`. */
export async function runLauncher(command: LaunchCommand): Promise<LaunchOutcome> {
  const {words, usesShell, waits, cwd, env} = command;
  const logPath = join(cwd, 'mt_launch.log');
  appendFileSync(logPath, `LAUNCHCMD: ${words}\n`);
  const before = sizeOf(logPath);
  const log = openSync(logPath, 'a');
  const [program = '', ...rest] = usesShell ? ['/bin/sh', '-c', words] : words.split(/\s+/);
  try {
    const child = spawn(program, rest, {cwd, env, detached: true, stdio: ['ignore', log, log]});
    const ended = new Promise<LaunchOutcome>((resolve) => {
      child.once('error', (error) => resolve({kind: 'impossible', reason: error.message}));
      child.once('exit', (code, signal) => {
        if (code === 0) {
          resolve({kind: 'launched'});
        } else if (code === 126 || code === 127) {
          resolve({kind: 'impossible', reason: lastLine(logPath, before) || `exit code ${code}`});
        } else {
          resolve({
            kind: 'failed',
            code: code ?? 255,
            lastLine: lastLine(logPath, before) || `${signal ?? `exit code ${code}`}`,
          });
        }
      });
    });
    command.onStarted?.(child.pid ?? 0);
    if (!waits) {
      child.unref();
      return {kind: 'launched'};
    }
    return await ended;
  } finally {
    closeSync(log);
  }
}

function sizeOf(path: string): number {
  return existsSync(path) ? Buffer.byteLength(readText(path)) : 0;
}

function lastLine(path: string, from: number): string {
  return Buffer.from(readText(path)).subarray(from).toString('utf8').trimEnd().split('\n').at(-1) ?? '';
}

function readText(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

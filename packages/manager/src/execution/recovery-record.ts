/**
 * `.mt/exec.jsonl` of a run directory: what the next manager of this host needs in order to go on with a test. The first line holds the
 * launch and the environment it inherited, each further one what has changed since; appending costs one call, and a line that a
 * killed manager did not finish is passed over.
 */
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {type CommandInfo, checkCommandInfo} from './cmdinfo.ts';
import type {HeldGroup} from './group-pool.ts';
import {noUsage, type ResourceUsage} from './resource-usage.ts';

export type Progress = {
  readonly stage: 'claiming' | 'running';
  /** The step that runs or is next; -1 before the first, the number of steps when nothing is to follow. */
  readonly position: number;
  readonly pid: number;
  readonly pidStart: string;
  readonly startS: number;
  readonly rollUp: number;
  readonly prior: 'pass' | 'warn' | 'fail';
  readonly limitS: number | null;
  /** Why its processes are being ended; `null` for as long as nobody wants that. */
  readonly kill: Kill | null;
  /** Control group of its processes, where the user may make one. */
  readonly group: HeldGroup | null;
  /** Of the steps that have ended. */
  readonly usage: ResourceUsage;
};

export type Kill = {readonly reason: string; readonly cause: 'request' | 'limit' | 'interrupt'};

export type Recovered = {
  readonly info: CommandInfo;
  readonly encoded: string;
  readonly inherited: Env;
  readonly progress: Progress;
  /** Takes what no step redirects. */
  readonly outputPath: string;
};

const folderName = '.mt';
const fileName = 'exec.jsonl';

/** What a run directory says; `undefined` when nothing of a launch is there. */
export function readRecovery(rundir: string): Recovered | undefined {
  try {
    const [head = '', ...changes] = readFileSync(join(rundir, folderName, fileName), 'utf8').split('\n');
    const {info, encoded, inherited, progress, outputPath} = JSON.parse(head) as Recovered;
    // Versions before this one did not note what steps used, nor what a group had counted before.
    let now = {...progress, usage: progress.usage ?? noUsage};
    for (const change of changes) {
      now = {...now, ...parsed(change)};
    }
    const {group} = now as {readonly group: Progress['group'] | string};
    const held = typeof group === 'string' ? {path: group, before: noUsage} : group;
    return {
      info: checkCommandInfo(info),
      encoded,
      inherited,
      progress: {...now, group: held},
      outputPath,
    };
  } catch {
    return undefined;
  }
}

function parsed(line: string): Partial<Progress> {
  try {
    return line === '' ? {} : (JSON.parse(line) as Partial<Progress>);
  } catch {
    return {};
  }
}

export class RecoveryRecord implements Disposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** A launch of its own starts with a clean slate; only the same launch goes on with what is there. */
  static open(rundir: string, start: Recovered): RecoveryRecord {
    const folder = join(rundir, folderName);
    const path = join(folder, fileName);
    if (existsSync(folder)) {
      if (readRecovery(rundir)?.info['launch-id'] === start.info['launch-id']) {
        // The line that a killed manager left unfinished must not swallow the next one.
        appendFileSync(path, '\n');
        return new RecoveryRecord(openSync(path, 'a', 0o600));
      }
      rmSync(folder, {recursive: true});
    }
    mkdirSync(folder, {mode: 0o700});
    const fd = openSync(path, 'wx', 0o600);
    writeSync(fd, `${JSON.stringify(start)}\n`);
    return new RecoveryRecord(fd);
  }

  save(change: Partial<Progress>): void {
    writeSync(this.#fd, `${JSON.stringify(change)}\n`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

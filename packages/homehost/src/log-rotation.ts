/**
 * Keeps `logs/` of an area small (spec homehost.md 3): logs that have grown and logs of daemons that are gone are packed, and what
 * nobody has touched for long is removed. Logs of living daemons are left alone.
 */
import {
  createReadStream,
  createWriteStream,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {pipeline} from 'node:stream/promises';
import {createGzip} from 'node:zlib';

export type LogRotation = {
  readonly folder: string;
  /** Names in `folder` that a living process writes. */
  readonly inUse: readonly string[];
  readonly expireDays: number;
  readonly nowMs: number;
};

const largeBytes = 200_000;
const oldServerLogMs = 8 * 3_600_000;
const pauseMs = 3_600_000;
const dayMs = 86_400_000;
/** Its time is that of the last rotation, whichever daemon did it. */
const marker = '.rotated';

/** Returns the names of what was packed and removed; nothing when the last rotation is less than an hour ago. */
export async function rotateLogs(rotation: LogRotation): Promise<readonly string[]> {
  const {folder, inUse, expireDays, nowMs} = rotation;
  const timeOf = (name: string) => statSync(join(folder, name), {throwIfNoEntry: false})?.mtimeMs ?? 0;
  if (nowMs - timeOf(marker) < pauseMs) {
    return [];
  }
  writeFileSync(join(folder, marker), '');
  const done: string[] = [];
  for (const name of readdirSync(folder)) {
    const stats = statSync(join(folder, name), {throwIfNoEntry: false});
    if (stats?.isFile() !== true || name === marker || inUse.includes(name)) {
      continue;
    }
    const ageMs = nowMs - stats.mtimeMs;
    const isOldServerLog = /^server-.*\.log$/.test(name) && ageMs > oldServerLogMs;
    if (name.endsWith('.log') && (stats.size > largeBytes || isOldServerLog)) {
      await pack(join(folder, name));
      done.push(name);
    } else if (ageMs > expireDays * dayMs) {
      rmSync(join(folder, name), {force: true});
      done.push(name);
    }
  }
  return done;
}

/** A packed log of the same name is replaced. */
async function pack(file: string): Promise<void> {
  const fresh = `${file}.gz.${process.pid}`;
  await pipeline(createReadStream(file), createGzip(), createWriteStream(fresh));
  renameSync(fresh, `${file}.gz`);
  rmSync(file, {force: true});
}

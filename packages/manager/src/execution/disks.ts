/** Which disk a test is put on: the one with most room (spec execution.md 2). */
import {accessSync, constants, statfsSync, statSync} from 'node:fs';
import {UserError} from '@megatest/model';

export type Disk = {readonly name: string; readonly path: string};

/** A disk with its free space; -1 for one that cannot be used. */
export type Candidate = {readonly disk: Disk; readonly freeKiB: number};

/** The disk with the most free space above `minspaceKiB`; the first of equals. */
export function mostRoom(candidates: readonly Candidate[], minspaceKiB: number): Disk | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (candidate.freeKiB > minspaceKiB && candidate.freeKiB > (best?.freeKiB ?? -1)) {
      best = candidate;
    }
  }
  return best?.disk;
}

/** Measures the disks, one after the other, and takes the one with most room. */
export async function chooseDisk(
  disks: readonly Disk[],
  minspaceKiB: number,
  freeSpace: (path: string) => number | Promise<number>,
  warn: (text: string) => void,
): Promise<Disk> {
  const candidates: Candidate[] = [];
  for (const disk of disks) {
    const problem = problemOf(disk.path);
    if (problem !== undefined) {
      warn(`WARNING: disk ${disk.name} at path "${disk.path}" is ${problem} - ignoring it.`);
    }
    candidates.push({disk, freeKiB: problem === undefined ? await freeSpace(disk.path) : -1});
  }
  const chosen = mostRoom(candidates, minspaceKiB);
  if (chosen === undefined) {
    const names = candidates.map(({disk, freeKiB}) => `${disk.name} ${disk.path} ${freeKiB}`).join(', ');
    throw new UserError(
      `No valid disks found in [disks] (name, path, free: ${names}): a disk must be a writable directory with more than ${minspaceKiB} KiB free`,
      {hint: 'make room, add a disk, or lower [setup] minspace'},
    );
  }
  return chosen;
}

function problemOf(path: string): string | undefined {
  if (!(statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false)) {
    return 'not a directory';
  }
  try {
    accessSync(path, constants.W_OK);
  } catch {
    return 'not writeable';
  }
  return path.startsWith('/') ? undefined : 'not a fully qualified path';
}

export function freeKiBOf(path: string): number {
  const {bavail, bsize} = statfsSync(path);
  return Math.floor((bavail * bsize) / 1024);
}

/** -1 for a place that cannot be asked, for example one that somebody has removed. */
export function freeKiBOrUnknown(path: string): number {
  try {
    return freeKiBOf(path);
  } catch {
    return -1;
  }
}

/** The number in the first line that a free-space script printed; -1 when there is none. */
export function freeSpaceOfOutput(output: string): number {
  const text = output.split('\n', 1)[0]?.trim() ?? '';
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? -1 : value;
}

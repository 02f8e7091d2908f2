/** Where a test runs: the disk with most room, the directory on it, and the link tree (spec execution.md 2 to 4). */
import {
  accessSync,
  constants,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {UserError} from '@megatest/model';

export type Disk = {readonly name: string; readonly path: string};

export type Placement = {
  /** Path in the link tree: `rundir` of the row, `MT_TEST_RUN_DIR`. */
  readonly rundir: string;
  /** Physical path. */
  readonly shortdir: string;
};

/** The disk with the most free space above `minspaceKiB`; the first of equals. */
export function chooseDisk(disks: readonly Disk[], minspaceKiB: number, warn: (text: string) => void): Disk {
  let best: {readonly disk: Disk; readonly freeKiB: number} | undefined;
  for (const disk of disks) {
    const freeKiB = freeSpaceKiB(disk, warn);
    if (freeKiB > minspaceKiB && freeKiB > (best?.freeKiB ?? -1)) {
      best = {disk, freeKiB};
    }
  }
  if (best === undefined) {
    const names = disks.map((disk) => `${disk.name} ${disk.path}`).join(', ');
    throw new UserError(
      `No valid disks found in [disks] (${names}): a disk must be a writable directory with more than ${minspaceKiB} KiB free`,
      {
        hint: 'make room, add a disk, or lower [setup] minspace',
      },
    );
  }
  return best.disk;
}

function freeSpaceKiB(disk: Disk, warn: (text: string) => void): number {
  const {name, path} = disk;
  if (!(statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false)) {
    warn(`WARNING: disk ${name} at path "${path}" is not a directory - ignoring it.`);
    return -1;
  }
  try {
    accessSync(path, constants.W_OK);
  } catch {
    warn(`WARNING: disk ${name} at path "${path}" is not writeable - ignoring it.`);
    return -1;
  }
  if (!path.startsWith('/')) {
    warn(`WARNING: disk ${name} at path "${path}" is not a fully qualified path - ignoring it.`);
    return -1;
  }
  return freeKiBOf(path);
}

export function freeKiBOf(path: string): number {
  const {bavail, bsize} = statfsSync(path);
  return Math.floor((bavail * bsize) / 1024);
}

export type PlaceRequest = {
  readonly disk: string;
  readonly linkTree: string;
  readonly target: string;
  readonly runName: string;
  readonly testName: string;
  readonly itemPath: string;
};

/** Where a test will be, without touching anything. */
export function placementOf(request: PlaceRequest): Placement {
  const {disk, linkTree, target, runName, testName, itemPath} = request;
  const tail = join(target, runName, testName, itemPath);
  return {rundir: join(linkTree, tail), shortdir: join(disk, tail)};
}

/** Makes the physical directory and the link to it; an old link is remade. */
export function makeRunDirectory(request: PlaceRequest): Placement {
  const {rundir, shortdir} = placementOf(request);
  ensureDirectory(shortdir);
  ensureDirectory(dirname(rundir));
  const there = lstatSync(rundir, {throwIfNoEntry: false});
  if (there?.isSymbolicLink()) {
    if (readlinkSync(rundir) !== shortdir) {
      unlinkSync(rundir);
      symlinkSync(shortdir, rundir);
    }
  } else if (there === undefined) {
    symlinkSync(shortdir, rundir);
  }
  // Anything else: the link tree lies on the disk itself, or the test was plain before; the directory is used as it is.
  return {rundir, shortdir};
}

/** One call when the parent is there, as it is for every item but the first. */
function ensureDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      mkdirSync(path, {recursive: true});
    }
  }
}

/** Copies the test's source into its run directory; what is there besides stays. */
export function copySource(testDir: string, shortdir: string): void {
  for (const name of readdirSync(testDir)) {
    cpSync(join(testDir, name), join(shortdir, name), {
      recursive: true,
      force: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
    });
  }
}

/** A path this short is never a test's; neither are the two texts of a row that was never launched. */
const shortestPath = 6;

/**
 * Removes the directory of a test, link and physical part. A real directory in the link tree, as an iterated test has it, only goes
 * when nothing but empty directories is left in it (spec runs.md 13).
 */
export function removeRunDirectory({rundir, shortdir}: Placement): void {
  const isOwn = shortdir !== rundir || hasRunHere(shortdir);
  if (isOwn && isRemovable(shortdir)) {
    rmSync(shortdir, {recursive: true, force: true});
    pruneUpwards(rundir, shortdir);
  }
  const there = isRemovable(rundir) ? lstatSync(rundir, {throwIfNoEntry: false}) : undefined;
  if (there?.isSymbolicLink()) {
    unlinkSync(rundir);
  } else if (there?.isDirectory() && !pruneEmpty(rundir)) {
    throw new UserError(`${rundir} is a directory of its own with something in it, it is left alone`, {
      hint: 'look at what is there, and remove it by hand',
    });
  }
}

function isRemovable(path: string): boolean {
  return path.length >= shortestPath && path !== '/tmp/badname' && path.startsWith('/');
}

/** Whether a test itself ran in this directory, as opposed to its items below. */
function hasRunHere(path: string): boolean {
  return lstatSync(join(path, '.mt'), {throwIfNoEntry: false})?.isDirectory() ?? false;
}

/** Removes a directory that holds nothing but such directories; true when it is gone. */
function pruneEmpty(path: string): boolean {
  let isEmpty = true;
  for (const entry of readdirSync(path, {withFileTypes: true})) {
    isEmpty = entry.isDirectory() && pruneEmpty(join(path, entry.name)) && isEmpty;
  }
  if (isEmpty) {
    rmdirSync(path);
  }
  return isEmpty;
}

/** Removes what became empty above an item on the disk: the part of the path that link tree and disk have in common. */
function pruneUpwards(rundir: string, shortdir: string): void {
  const [inLinks, onDisk] = [rundir.split('/').reverse(), shortdir.split('/').reverse()];
  const common = onDisk.findIndex((name, index) => name !== inLinks[index]);
  let path = dirname(shortdir);
  for (let level = 1; level < common; level += 1) {
    try {
      rmdirSync(path);
    } catch {
      // Not empty: others are still there.
      return;
    }
    path = dirname(path);
  }
}

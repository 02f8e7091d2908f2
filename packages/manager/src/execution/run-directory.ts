/** Where a test runs: its directory on a disk, and the way there in the link tree (spec execution.md 3, 4). */
import {
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import {removeLoneCaches} from '@megatest/config';
import {attemptDirectory, UserError} from '@megatest/model';

export type Placement = {
  /** Path in the link tree: `rundir` of the row, `MT_TEST_RUN_DIR`. */
  readonly rundir: string;
  /** Physical path. */
  readonly shortdir: string;
};

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
  if (request.itemPath !== '') {
    remakeTestLink(request);
  }
  const there = lstatSync(rundir, {throwIfNoEntry: false});
  if (there?.isSymbolicLink()) {
    if (readlinkSync(rundir) !== shortdir) {
      unlinkSync(rundir);
      symlinkSync(shortdir, rundir);
    }
  } else if (there === undefined) {
    makeLink(shortdir, rundir);
  }
  // Anything else: the link tree lies on the disk itself, or the test's own link leads there; the directory is used as it is.
  return {rundir, shortdir};
}

/** A test that was not iterated before has left a link where its items now lie: it is to lead to the disk of this item. */
function remakeTestLink(request: PlaceRequest): void {
  const {rundir, shortdir} = placementOf({...request, itemPath: ''});
  if (lstatSync(rundir, {throwIfNoEntry: false})?.isSymbolicLink() && readlinkSync(rundir) !== shortdir) {
    unlinkSync(rundir);
    symlinkSync(shortdir, rundir);
  }
}

/** One call when the directory of the link is there, as it is for every item but the first. */
function makeLink(to: string, path: string): void {
  try {
    symlinkSync(to, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw error;
    }
    mkdirSync(dirname(path), {recursive: true});
    symlinkSync(to, path);
  }
}

/** As for a link. */
function ensureDirectory(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      mkdirSync(path, {recursive: true});
    }
  }
}

/** Moves what an attempt has left out of the way of the next one; done again after an interruption, it goes on where it was. */
export function keepAttempt(shortdir: string, attempt: number): void {
  const [keepers = ''] = attemptDirectory(attempt).split('/');
  const kept = join(shortdir, attemptDirectory(attempt));
  const moving = join(shortdir, keepers, `.${attempt}`);
  if (!existsSync(shortdir) || existsSync(kept)) {
    return;
  }
  mkdirSync(moving, {recursive: true});
  for (const name of readdirSync(shortdir).filter((name) => name !== keepers)) {
    renameSync(join(shortdir, name), join(moving, name));
  }
  renameSync(moving, kept);
}

/** Copies the test's source into its run directory; what is there besides stays. */
export function copySource(testDir: string, shortdir: string): void {
  for (const entry of readdirSync(testDir, {withFileTypes: true})) {
    const [from, to] = [join(testDir, entry.name), join(shortdir, entry.name)];
    if (!entry.isFile() || !copyNew(from, to)) {
      cpSync(from, to, {recursive: true, force: true, verbatimSymlinks: true, preserveTimestamps: true});
    }
  }
}

/** The short way for a plain file that is not there yet: a general copy looks at every directory above, for each file. */
function copyNew(from: string, to: string): boolean {
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
  } catch {
    return false;
  }
  const {atimeMs, mtimeMs} = statSync(from);
  utimesSync(to, atimeMs / 1000, mtimeMs / 1000);
  return true;
}

/** A path this short is never a test's; neither are the two texts of a row that was never launched. */
const shortestPath = 6;

/**
 * Removes the directory of a test, link and physical part. A real directory in the link tree, as an iterated test has it, only goes
 * when nothing but empty directories is left in it (spec runs.md 13). `of` a run: with the last test the config caches of the run go
 * too; before a test runs again they stay, the run is going on.
 */
export function removeRunDirectory({rundir, shortdir}: Placement, of: 'test' | 'run'): void {
  const removeCaches = of === 'run' ? removeLoneCaches : () => {};
  const isOwn = shortdir !== rundir || hasRunHere(shortdir);
  if (isOwn && isRemovable(shortdir)) {
    rmSync(shortdir, {recursive: true, force: true});
    pruneUpwards(rundir, shortdir, removeCaches);
  }
  const there = isRemovable(rundir) ? lstatSync(rundir, {throwIfNoEntry: false}) : undefined;
  if (there?.isSymbolicLink()) {
    unlinkSync(rundir);
  } else if (there?.isDirectory() && !pruneEmpty(rundir)) {
    throw new UserError(`${rundir} is a directory of its own with something in it, it is left alone`, {
      hint: 'look at what is there, and remove it by hand',
    });
  }
  if (isRemovable(rundir)) {
    removeCaches(dirname(rundir));
  }
}

function isRemovable(path: string): boolean {
  return path.length >= shortestPath && path !== '/tmp/badname' && path.startsWith('/');
}

/** Whether a test itself ran in this directory, as opposed to its items below. */
function hasRunHere(path: string): boolean {
  return lstatSync(join(path, '.mt'), {throwIfNoEntry: false})?.isDirectory() ?? false;
}

/** The page of an iterated test, which the system itself puts beside the items. */
const ownPage = /^\.?megatest-rollup-.*\.html(\.lock|\.new)?$/;

/** Removes a directory that holds nothing but such directories and a page of items; true when it is gone. */
function pruneEmpty(path: string): boolean {
  let isEmpty = true;
  const pages: string[] = [];
  for (const entry of readdirSync(path, {withFileTypes: true})) {
    if (entry.isFile() && ownPage.test(entry.name)) {
      pages.push(join(path, entry.name));
    } else {
      isEmpty = entry.isDirectory() && pruneEmpty(join(path, entry.name)) && isEmpty;
    }
  }
  if (isEmpty) {
    for (const page of pages) {
      rmSync(page, {force: true});
    }
    rmdirSync(path);
  }
  return isEmpty;
}

/** Removes what became empty above an item on the disk: the part of the path that link tree and disk have in common. */
function pruneUpwards(rundir: string, shortdir: string, removeCaches: (directory: string) => void): void {
  const [inLinks, onDisk] = [rundir.split('/').reverse(), shortdir.split('/').reverse()];
  const common = onDisk.findIndex((name, index) => name !== inLinks[index]);
  let path = dirname(shortdir);
  for (let level = 1; level < common; level += 1) {
    removeCaches(path);
    try {
      rmdirSync(path);
    } catch {
      // Not empty: others are still there.
      return;
    }
    path = dirname(path);
  }
}

/**
 * Files of the run directories, for who may look (spec dashboard.md B10): nothing but what lies in a directory that the database knows
 * as one. A path is taken apart first, then followed through its links, and in the end it is the place of the open file that counts,
 * so that nobody gains anything by changing a link meanwhile.
 */
import {constants, type Dirent, type Stats} from 'node:fs';
import {type FileHandle, lstat, open, opendir, readlink, realpath} from 'node:fs/promises';
import {basename, dirname, isAbsolute, join, relative} from 'node:path';
import {type FileEntry, type FileListing, RpcError} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';

export type OpenedFile = {
  readonly handle: FileHandle;
  /** Where it really is. */
  readonly path: string;
  readonly stats: Stats;
};

/** Which of these directories are run directories in the database. */
export type FindRecorded = (directories: readonly string[]) => Promise<readonly string[]>;

type Place = Pick<TestRow, 'id' | 'rundir' | 'shortdir' | 'archived'>;

const mostEntries = 5000;
/** Entries that are looked at together. */
const together = 64;
/** What rows have that were never launched. */
const noDirectory = new Set(['', '/', '/tmp/badname', 'n/a']);

export class RunFiles {
  readonly #findRecorded: FindRecorded;

  constructor(findRecorded: FindRecorded) {
    this.#findRecorded = findRecorded;
  }

  /** Throws `notFound` for whatever may not be read, with the same words for what is not there. */
  async open(test: Place, path: string): Promise<OpenedFile> {
    const real = await this.#resolve(test, path);
    // A pipe is not waited for, and no link is followed any more.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
    const handle = await open(real, flags).catch(() => undefined);
    if (handle === undefined) {
      throw noFile(test, path);
    }
    try {
      const stats = await handle.stat();
      if (stats.isFile() && (await readlink(`/proc/self/fd/${handle.fd}`)) === real) {
        return {handle, path: real, stats};
      }
    } catch {
      // It is gone.
    }
    await handle.close();
    throw noFile(test, path);
  }

  /** What is in the run directory, or in a folder of it. */
  async list(test: Place, folder: string): Promise<FileListing> {
    const {archived} = test;
    const base = await directoryOf(test);
    const directory = base === undefined || folder === '' ? base : await this.#resolve(test, folder);
    if (directory === undefined) {
      return {path: test.rundir, isThere: false, archived, entries: [], isTruncated: false};
    }
    const names: Dirent[] = [];
    const opened = await opendir(directory).catch(() => {
      throw noFile(test, folder);
    });
    for await (const entry of opened) {
      if (names.length > mostEntries) {
        break;
      }
      if (!isHidden(entry.name, true)) {
        names.push(entry);
      }
    }
    const entries: FileEntry[] = [];
    for (let at = 0; at < Math.min(names.length, mostEntries); at += together) {
      const some = names.slice(at, Math.min(at + together, mostEntries));
      const found = await Promise.all(some.map(async ({name}) => await entryOf(directory, name)));
      entries.push(...found.filter((entry) => entry !== undefined));
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    return {path: directory, isThere: true, archived, entries, isTruncated: names.length > mostEntries};
  }

  async #resolve(test: Place, path: string): Promise<string> {
    const base = await directoryOf(test);
    const parts = partsOf(path);
    if (base === undefined || parts === undefined) {
      throw noFile(test, path);
    }
    const real = await realpath(join(base, ...parts)).catch(() => undefined);
    if (real === undefined || !(await this.#isShown(base, real))) {
      throw noFile(test, path);
    }
    return real;
  }

  async #isShown(base: string, real: string): Promise<boolean> {
    const owner = isWithin(base, real) ? base : await this.#ownerOf(real);
    return owner !== undefined && partsOf(relative(owner, real) || '.') !== undefined;
  }

  /** The run directory of another test that it lies in. */
  async #ownerOf(real: string): Promise<string | undefined> {
    const above: string[] = [];
    for (let at = real; at !== '/'; at = dirname(at)) {
      if (!noDirectory.has(at)) {
        above.push(at);
      }
    }
    const [owner] = [...(await this.#findRecorded(above))].sort((a, b) => b.length - a.length);
    return owner;
  }
}

/** The directory of a test, through links above it; `undefined` when it is not there, or a link has taken its place. */
async function directoryOf({shortdir, rundir}: Place): Promise<string | undefined> {
  for (const recorded of [shortdir, rundir]) {
    if (isAbsolute(recorded) && !noDirectory.has(recorded)) {
      const [real, above] = await Promise.all(
        [recorded, dirname(recorded)].map(async (path) => await realpath(path).catch(() => undefined)),
      );
      if (real !== undefined && above !== undefined && real === join(above, basename(recorded))) {
        return real;
      }
    }
  }
  return undefined;
}

/** The parts of a path within a directory; `undefined` when it leads out of it, or to what is not shown. */
export function partsOf(path: string): readonly string[] | undefined {
  if (path === '' || isAbsolute(path) || path.includes('\0')) {
    return undefined;
  }
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..' && parts.pop() === undefined) {
      return undefined;
    }
    if (part !== '' && part !== '.' && part !== '..') {
      parts.push(part);
    }
  }
  return parts.some((part, index) => isHidden(part, index === parts.length - 1)) ? undefined : parts;
}

function isHidden(name: string, isLast: boolean): boolean {
  return name.startsWith('.') && name !== '.ezsteps' && !(isLast && name === '.testconfig');
}

function isWithin(directory: string, path: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

async function entryOf(directory: string, name: string): Promise<FileEntry | undefined> {
  const path = join(directory, name);
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) {
    return undefined;
  }
  const {size, mtimeMs} = stats;
  const kind = stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'link'
        : 'other';
  const target = kind === 'link' ? await readlink(path).catch(() => undefined) : undefined;
  return {name, kind, size, mtimeS: Math.floor(mtimeMs / 1000), ...(target === undefined ? {} : {target})};
}

function noFile({id}: Place, path: string): RpcError {
  return new RpcError('notFound', `test ${id} has no file "${path}" that can be shown`, {
    what: 'file',
    id: path,
  });
}

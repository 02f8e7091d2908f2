/**
 * A control group (cgroup version 2) of a test's own, on hosts where the user may make one: whatever the test's processes do, they and
 * all that come of them stay in it, also those that leave their parent, their session and their environment behind.
 */
import {accessSync, constants, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';

const namePrefix = 'megatest-';

/** Groups that still had processes when their test ended; each goes as soon as it is empty. */
const left = new Set<string>();
let parent: string | null | undefined;

/** Makes a group, or finds it again; `null` where the user may not. */
export function makeGroup(name: string): string | null {
  parent ??= ownGroup();
  if (parent === null) {
    return null;
  }
  const group = join(parent, `${namePrefix}${name}`);
  try {
    mkdirSync(group);
    return group;
  } catch (error) {
    // Anything else is for example the limit on the number of groups.
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? group : null;
  }
}

/** Every process in the group and in groups that its processes made below it. */
export function processesOfGroup(group: string): readonly number[] {
  try {
    const below = readdirSync(group, {withFileTypes: true}).filter((entry) => entry.isDirectory());
    const own = readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
    return [...own, ...below.flatMap(({name}) => processesOfGroup(join(group, name)))];
  } catch {
    return [];
  }
}

/** Removes the group of a test that has ended; one that is still in use, later. */
export function removeGroup(group: string): void {
  left.add(group);
  for (const path of left) {
    try {
      removeEmpty(path);
      left.delete(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        left.delete(path);
      }
    }
  }
}

/** Removes what managers left that were killed; a group in which something runs cannot be removed, and one that is wanted is made again. */
export function sweepGroups(): void {
  const directory = ownGroup();
  const names =
    directory === null ? [] : readdirSync(directory).filter((name) => name.startsWith(namePrefix));
  for (const name of names) {
    try {
      removeEmpty(join(directory ?? '', name));
    } catch {
      // In use.
    }
  }
}

function removeEmpty(group: string): void {
  for (const entry of readdirSync(group, {withFileTypes: true})) {
    if (entry.isDirectory()) {
      removeEmpty(join(group, entry.name));
    }
  }
  rmdirSync(group);
}

/** For a process that a test started and that must live on without it: a manager, a daemon. */
export function leaveGroupOfTest(): void {
  for (let group = ownGroup(); group !== null && basename(group).startsWith(namePrefix); group = ownGroup()) {
    try {
      writeFileSync(join(dirname(group), 'cgroup.procs'), String(process.pid));
    } catch {
      // It stays, and ends with the test if that is killed.
      return;
    }
  }
}

/** The directory of this process's own group, if groups can be made there and processes moved out of it. */
function ownGroup(): string | null {
  try {
    const mount = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, , type]) => type === 'cgroup2')?.[1];
    const path = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
    if (mount === undefined || path === undefined) {
      return null;
    }
    const directory = join(mount, path);
    accessSync(directory, constants.W_OK);
    accessSync(join(directory, 'cgroup.procs'), constants.W_OK);
    return directory;
  } catch {
    return null;
  }
}

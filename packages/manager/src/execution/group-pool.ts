/**
 * Control groups of tests, used again: making and removing one for each test takes a tenth of the time of a short test. A group is
 * free when its test has ended and nothing runs in it; what it had counted by then does not count for the next test.
 */
import {randomUUID} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {makeGroup, removeGroup} from './control-group.ts';
import {noUsage, type ResourceUsage, usageLess, usageOfGroup} from './resource-usage.ts';

/** A group while a test has it. */
export type HeldGroup = {
  readonly path: string;
  /** What it had counted before. */
  readonly before: ResourceUsage;
};

/** More are not kept. */
const mostFree = 100;
const free: HeldGroup[] = [];

/** The group that the test has, if it is still there, or else another one; `null` where the user may make none. */
export function holdGroup(held: HeldGroup | null): HeldGroup | null {
  const group = held ?? free.pop();
  if (group !== undefined && existsSync(group.path)) {
    return group;
  }
  const path = makeGroup(randomUUID());
  return path === null ? null : {path, before: noUsage};
}

/** What the test has used, by the word of its group. */
export function usageOfTest({path, before}: HeldGroup): ResourceUsage {
  return usageLess(usageOfGroup(path), before);
}

/** To be called when nobody will ask or kill by the group any more. */
export function releaseGroup({path}: HeldGroup): void {
  const before = usageOfGroup(path);
  // A peak that was reached cannot be taken back.
  if (before.memoryPeakBytes === null && free.length < mostFree && isEmpty(path)) {
    free.push({path, before});
  } else {
    removeGroup(path);
  }
}

/** When there will be no more tests. */
export function removeFreeGroups(): void {
  for (const {path} of free.splice(0)) {
    removeGroup(path);
  }
}

/** Nothing is in it, nor in groups that were made below it. */
function isEmpty(path: string): boolean {
  try {
    return readFileSync(join(path, 'cgroup.events'), 'utf8').includes('populated 0');
  } catch {
    return false;
  }
}

import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {expect, it} from 'vitest';
import {removeGroup} from './control-group.ts';
import {holdGroup, releaseGroup, removeFreeGroups, usageOfTest} from './group-pool.ts';

const probe = holdGroup(null);
if (probe !== null) {
  removeGroup(probe.path);
}
const itWithGroups = it.skipIf(probe === null);

function hold() {
  const group = holdGroup(null);
  if (group === null) {
    throw new Error('no group can be made any more');
  }
  return group;
}

itWithGroups('a group whose test has ended goes to the next test, with nothing counted', async () => {
  const first = hold();
  const work = 'echo $$ > "$0/cgroup.procs"; i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done';
  const child = spawn('/bin/sh', ['-c', work, first.path]);
  await new Promise((resolve) => child.once('exit', resolve));
  expect(usageOfTest(first).cpuUserS).toBeGreaterThan(0);
  releaseGroup(first);
  const second = hold();
  expect(second.path).toBe(first.path);
  expect(usageOfTest(second)).toMatchObject({cpuUserS: 0, cpuSystemS: 0});
  removeGroup(second.path);
});

itWithGroups('one in which something runs does not', async () => {
  const first = hold();
  const child = spawn('/bin/sh', ['-c', 'echo $$ > "$0/cgroup.procs"; echo in; exec sleep 1000', first.path]);
  await new Promise((resolve) => child.stdout.once('data', resolve));
  releaseGroup(first);
  const second = hold();
  expect(second.path).not.toBe(first.path);
  child.kill();
  await new Promise((resolve) => child.once('exit', resolve));
  for (const {path} of [first, second]) {
    removeGroup(path);
    expect(existsSync(path)).toBe(false);
  }
});

itWithGroups('a test keeps its group, unless that is gone', () => {
  const first = hold();
  expect(holdGroup(first)).toBe(first);
  removeGroup(first.path);
  const second = holdGroup(first);
  expect(second?.path).not.toBe(first.path);
  releaseGroup(second ?? first);
  removeFreeGroups();
  expect(existsSync(second?.path ?? '')).toBe(false);
});

import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {processStart} from '@megatest/rpc';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {makeGroup, processesOfGroup, removeGroup, sweepGroups} from './control-group.ts';
import {type Family, killTree, processesOf} from './process-tree.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tree-'));
});
afterEach(() => rmSync(directory, {recursive: true}));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Runs `script` as the shell of a step; resolves when it has left the pid of a process, in a file `pid`, and that goes on by itself. */
async function step(script: string, launchId: string, group: string | null) {
  const join = group === null ? '' : `echo $$ > ${group}/cgroup.procs; `;
  const child = spawn('/bin/sh', ['-c', `${join}${script}`], {
    cwd: directory,
    env: {PATH: process.env.PATH, MT_LAUNCH_ID: launchId},
    detached: true,
    stdio: 'ignore',
  });
  const root = {pid: child.pid ?? 0, pidStart: processStart(child.pid ?? 0)};
  const file = `${directory}/pid`;
  await until(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
  const pid = Number(readFileSync(file, 'utf8'));
  return {family: {root, launchId, group} satisfies Family, pid, child};
}

/** What is left when its parents are gone. */
const stray = `sh -c 'echo $$ > pid; exec sleep 1000'`;
const cases = [
  ['a child', `${stray} & wait`],
  ['one that left its parent and its session', `setsid sh -c "${stray.replaceAll('$', '\\$')} &" & wait`],
  [
    'one that left its parent and its environment',
    `env -i PATH=$PATH sh -c "${stray.replaceAll('$', '\\$')} &"; sleep 1000`,
  ],
] as const;

describe('of the processes of a test', () => {
  it.each(cases)('%s is found and ended', async (_, script) => {
    const {family, pid} = await step(script, `tree-${Math.random()}`, null);
    expect(processesOf(family).map((found) => found.pid)).toContain(pid);
    expect(await killTree(family)).toBe(true);
    expect(processesOf(family)).toEqual([]);
    await until(() => !existsSync(`/proc/${pid}`));
  });

  it('one in the session is found when the shell of the step is gone', async () => {
    const script = `env -i PATH=$PATH sh -c "${stray.replaceAll('$', '\\$')} &"`;
    const {family, pid} = await step(script, `tree-${Math.random()}`, null);
    await until(() => processStart(family.root.pid) === '');
    expect(processesOf(family).map((found) => found.pid)).toEqual([pid]);
    expect(await killTree(family)).toBe(true);
  });

  const probe = makeGroup('probe');
  if (probe !== null) {
    removeGroup(probe);
  }
  it.skipIf(probe === null)('one that left everything is found in the control group', async () => {
    const launchId = `tree-${Math.random()}`;
    const group = makeGroup(launchId);
    const script = `env -i PATH=$PATH setsid sh -c "${stray.replaceAll('$', '\\$')} &"; sleep 1000`;
    const {family, pid} = await step(script, launchId, group);
    expect(processesOf({...family, group: null}).map((found) => found.pid)).not.toContain(pid);
    expect(processesOf(family).map((found) => found.pid)).toContain(pid);
    sweepGroups();
    expect(processesOf(family).map((found) => found.pid)).toContain(pid);
    expect(await killTree(family)).toBe(true);
    expect(processesOfGroup(group ?? '')).toEqual([]);
    removeGroup(group ?? '');
    expect(existsSync(group ?? '')).toBe(false);
    makeGroup(launchId);
    sweepGroups();
    expect(existsSync(group ?? '')).toBe(false);
  });
});

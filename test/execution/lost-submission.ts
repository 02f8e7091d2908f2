/**
 * A manager is killed while the command that submits a job is at work, either before or after the batch system has taken the job. The
 * job, which the batch system holds, is found by the next manager: there is no other, and it carries the test.
 */
import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {expect} from 'vitest';
import {type RunOptions, TestArea} from '../rig/area.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords, smallArea} from './area-files.ts';

export const moments = ['before', 'after'] as const;

export type HeldJobs = {
  /** Submits jobs that do not begin. */
  readonly launcher: string;
  /** The command that submits, whose place a script takes that stands still at the moment asked for. */
  readonly command: string;
  readonly path: string;
  readonly options: RunOptions;
  /** Ids of the jobs that wait or run. */
  jobs(area: TestArea): Promise<readonly string[]>;
  /** A command that lets a job begin. */
  release(id: string): string;
};

export async function expectOneJob(held: HeldJobs, moment: (typeof moments)[number]): Promise<void> {
  await using area = TestArea.make({
    ...areaWith(
      {held: '[ezsteps]\none $MT_RUN_AREA_HOME/body.sh\n'},
      {'body.sh': '#!/bin/sh\necho >> "$MT_RUN_AREA_HOME/bodies"\n', bodies: ''},
    ),
    'megatest.config': `${smallArea}[jobtools]\nlauncher ${held.launcher}\n`,
  });
  const [asked, go] = [area.beside('asked'), area.beside('go')];
  const stand = `echo >> ${asked}\nwhile [ ! -e ${go} ]; do sleep 0.05; done`;
  const submit = `PATH=${held.path} ${held.command} "$@" <<END || exit\n$script\nEND`;
  const script = ['#!/bin/sh', 'script=$(cat)', ...(moment === 'before' ? [stand, submit] : [submit, stand])];
  mkdirSync(area.beside('bin'));
  const front = join(area.beside('bin'), held.command);
  writeFileSync(front, `${script.join('\n')}\n`);
  chmodSync(front, 0o755);
  const env = {...held.options.env, PATH: `${area.beside('bin')}:${held.path}`};
  const run = area.start(['megatest', ...runWords], {...held.options, env});
  await until(() => area.shell(`test -e ${asked}`).then(({code}) => code === 0));
  const old = managerOf(area);
  process.kill(old, 'SIGKILL');
  await until(() => managerOf(area) !== old);
  writeFileSync(go, '');
  await until(() => launchesOf(area).includes('"queued"'));
  const [job = '', ...others] = await held.jobs(area);
  expect(others).toEqual([]);
  await area.shell(held.release(job), {...held.options, env});
  const {code, stderr} = await run.ended;
  expect(stderr).not.toContain('ERROR');
  expect(code).toBe(0);
  expect(readFileSync(asked, 'utf8')).toBe('\n');
  expect(readFileSync(join(area.path, 'bodies'), 'utf8')).toBe('\n');
  await until(async () => (await held.jobs(area)).length === 0);
}

function managerOf(area: TestArea): number {
  return Number(ofManager(area, 'calls/manager').split(' ', 1)[0]);
}

/** Of the launches that are under way when the next manager begins. */
function launchesOf(area: TestArea): string {
  return ofManager(area, 'launches.jsonl');
}

function ofManager(area: TestArea, file: string): string {
  const folder = join('/tmp', userInfo().username, 'megatest_manager/area');
  return readFileSync(join(folder, area.path.replaceAll('/', '.'), file), 'utf8');
}

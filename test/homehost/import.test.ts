/** Spec homehost.md 6.5: results that one database holds and another may not, taken in by the daemon of the area. */
import {readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {expect, it} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {Hosts} from '../rig/hosts.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {config, LoneArea} from './lone-area.ts';

it('rows that one area exported are taken in by another, once; and a line that is none is told with its place', async () => {
  await using from = await LoneArea.make();
  await from.note('from there');
  const rows = join(from.path, 'rows.jsonl');
  writeFileSync(rows, (await from.megatest(['db', 'export'])).stdout);
  await using into = await LoneArea.make({'tests/good/testconfig': '[ezsteps]\nother true\n'});
  await into.runOnce('mine');
  const first = await into.megatest(['db', 'import', rows]);
  expect(first).toMatchObject({code: 0});
  expect(first.stdout).toMatch(/^took [1-9]\d* rows of /);
  expect((await into.megatest(['db', 'import', rows])).stdout).toMatch(/^took 0 rows of /);
  const listed = await into.megatest(['rpc', 'runs.list', '{"runPatt": "%"}']);
  expect(JSON.parse(listed.stdout)).toMatchObject([{runName: 'r'}, {runName: 'mine', comment: ''}]);

  writeFileSync(rows, '{"table":"runs"}\n');
  const wrong = await into.megatest(['db', 'import', rows]);
  expect(wrong.code).toBe(1);
  expect(wrong.stderr).toContain(`${rows}:1: this is no line of "megatest db export"`);
});

describeWith(['root', 'ip', 'unshare'], 'two daemons on two hosts', () => {
  it('case 17: the one that has lost its lease hands the other what only it knows', async () => {
    await using area = TestArea.make({
      'megatest.config': `${config}[server]\nhomehost alpha\n`,
      'runconfigs.config': '[default]\n',
      'tests/good/testconfig': '[ezsteps]\nstep true\n',
    });
    await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
    const [alpha, beta] = [hosts.host('alpha'), hosts.host('beta')];
    expect((await area.megatest(['run', '-t', 'x', '-n', 'r'], {host: alpha})).code).toBe(0);
    expect((await area.megatest(['rpc', 'sync.flush'], {host: alpha})).code).toBe(0);
    // Nothing reaches T from here on, whatever is acknowledged.
    const held = new Database(join(area.path, 'megatest.db'), {timeout: 10_000});
    held.exec('BEGIN IMMEDIATE');
    const comment = '{"runId": 1, "status": "n/a", "comment": "only on alpha"}';
    expect((await area.megatest(['rpc', 'runs.setStatus', comment], {host: alpha})).code).toBe(0);
    expect((await area.megatest(['run', '-t', 'x', '-n', 'of-alpha'], {host: alpha})).code).toBe(0);
    await area.megatest(['managers', 'stop'], {host: alpha});
    // It hangs, and somebody moves the area meanwhile.
    const {pid} = area.serverRecord();
    process.kill(pid, 'SIGSTOP');
    held.exec('ROLLBACK');
    held.close();
    writeFileSync(join(area.path, 'megatest.config'), `${config}[server]\nhomehost beta\n`);
    expect((await area.megatest(['server', 'start'], {host: beta})).code).toBe(0);
    expect(area.serverRecord().host).toBe('beta');
    expect((await area.megatest(['run', '-t', 'x', '-n', 'of-beta'], {host: beta})).code).toBe(0);

    process.kill(pid, 'SIGCONT');
    const ended = async () => (await area.shell('cat logs/server-*-alpha.log')).stdout.includes('has taken');
    await until(ended);
    const runs = await area.megatest(['rpc', 'runs.list', '{"runPatt": "%"}'], {host: beta});
    const passed = [{state: 'COMPLETED', status: 'PASS', count: 1}];
    expect(JSON.parse(runs.stdout)).toMatchObject([
      {id: 1, runName: 'r', comment: 'only on alpha', counts: passed},
      {id: 3, runName: 'of-alpha', comment: '', counts: passed},
      {id: 2, runName: 'of-beta', comment: '', counts: passed},
    ]);
    const copies = readdirSync(join(area.path, 'logs')).filter((name) => name.startsWith('unsynced-'));
    expect(copies).toHaveLength(1);
    await area.end();
  }, 120_000);
});

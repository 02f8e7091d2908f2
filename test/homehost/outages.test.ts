/** Spec homehost.md 13: the failures between processes and hosts, each really caused; failures.md says which row is where. */
import {spawn} from 'node:child_process';
import {appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {expect, it} from 'vitest';
import {steerScript, TestArea} from '../rig/area.ts';
import {type Body, Conductor} from '../rig/conductor.ts';
import {Hosts} from '../rig/hosts.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {config, LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

describeWith([], 'on one host', () => {
  it('case 4: the power goes: the log of M is played in up to the last whole write, nothing acknowledged is lost', async () => {
    await using lone = await LoneArea.make();
    await lone.note('acknowledged');
    const {working} = lone;
    await lone.kill();
    // The shared memory is gone with the power, and the last write to the log was torn.
    rmSync(`${working}-shm`, {force: true});
    appendFileSync(`${working}-wal`, Buffer.alloc(3000, 0x5a));
    expect(await lone.noted()).toBe('acknowledged');
    await lone.untilNotedInArea('acknowledged');
    expect(lone.log()).not.toContain('is damaged');
  });

  it('case 30: a client that dies before its answer has written, and the same request again writes no second time', async () => {
    await using lone = await LoneArea.make();
    const params = {runId: 1, status: 'n/a', comment: 'by the dead'};
    {
      await using client = await RawClient.connect(lone.path);
      await client.login('c1');
      client.request('c1:1', 'runs.setStatus', params);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(async () => (await lone.noted()) === 'by the dead');
    await lone.note('by another');
    await using again = await RawClient.connect(lone.path);
    await again.login('c1');
    expect(await again.ask('c1:1', 'runs.setStatus', params)).toMatchObject({result: null});
    expect(await lone.noted()).toBe('by another');
  });

  it('a change of a test that is sent again stands in the audit once, and a refused one does too', async () => {
    await using lone = await LoneArea.make();
    await using client = await RawClient.connect(lone.path);
    await client.login('c1');
    const params = {test: {testId: 1}, comment: 'by hand'};
    const first = await client.ask('c1:1', 'tests.setState', params);
    expect(await client.ask('c1:1', 'tests.setState', params)).toEqual(first);
    const unexpected = {...params, state: 'KILLED', expect: {states: ['RUNNING']}};
    expect(await client.ask('c1:2', 'tests.setState', unexpected)).toHaveProperty('error');
    const lines = readFileSync(join(lone.path, 'logs/audit.jsonl'), 'utf8').trimEnd().split('\n');
    const deeds = lines.map((line) => JSON.parse(line).what as string);
    expect(deeds.filter((deed) => deed.startsWith('set test'))).toEqual([
      'set test 1 to -/-',
      'set test 1 to KILLED/-',
    ]);
  });

  it('a daemon that is asked to leave among writes has in T what it acknowledged, and leaves the rest to the next', async () => {
    await using lone = await LoneArea.make();
    const {pid} = lone;
    await using client = await RawClient.connect(lone.path);
    await client.login('c1');
    let acknowledged = 0;
    for (let sent = 1; client.isOpen && sent <= 2000; sent += 1) {
      client.request(`c1:${sent}`, 'runs.setStatus', {runId: 1, status: 'n/a', comment: String(sent)});
      if (sent === 500) {
        process.kill(pid, 'SIGTERM');
      }
      if (sent % 20 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    for (let reply = await client.next(); reply !== undefined; reply = await client.next()) {
      if (reply.error === undefined && reply.method === undefined) {
        acknowledged += 1;
      }
    }
    await until(() => !existsSync(`/proc/${pid}`));
    expect(acknowledged).toBeLessThan(2000);
    expect(Number(lone.notedIn())).toBeGreaterThanOrEqual(acknowledged);
    expect(lone.log()).toContain('all results are in megatest.db');
    expect(await lone.noted()).toBe(lone.notedIn());
  });

  it('an edit of T is taken in although the daemon itself has nothing to write', async () => {
    await using lone = await LoneArea.make();
    await lone.rpc('sync.flush');
    // An edit of the second of a flush may be what the flush wrote: so again, until one is younger.
    await until(async () => {
      const db = new Database(join(lone.path, 'megatest.db'), {timeout: 10_000});
      db.prepare("UPDATE runs SET comment = 'by hand'").run();
      db.close();
      return (await lone.noted()) === 'by hand';
    });
    await lone.untilLogged('was changed by others meanwhile');
  });

  it('a result that somebody writes into T by hand counts in the run that goes on: its slot is free for the next test', async () => {
    await using lone = await LoneArea.make();
    writeFileSync(
      join(lone.path, 'runconfigs.config'),
      '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n',
    );
    for (const name of ['one', 'two']) {
      mkdirSync(join(lone.path, 'tests', name));
      writeFileSync(join(lone.path, 'tests', name, 'testconfig'), `[ezsteps]\nbody ${steerScript}\n`);
    }
    using conductor = new Conductor(lone.area.beside('steer'));
    const run = lone.area.start(['megatest', 'run', '-t', 'x', '-n', 'edited', '-p', 'one,two']);
    const first = await conductor.body();
    let second: Body | undefined;
    void conductor.body().then((body) => {
      second = body;
    });
    // A sign of life of the test may come later than the edit, and then counts: so again, until the edit was the last word.
    await until(async () => {
      const db = new Database(join(lone.path, 'megatest.db'), {timeout: 10_000});
      db.prepare(
        "UPDATE tests SET state = 'COMPLETED', status = 'PASS' WHERE testname = ? AND state = 'RUNNING'",
      ).run(first.id);
      db.close();
      await lone.note('edited');
      return second !== undefined;
    });
    first.exit(0);
    second?.exit(0);
    expect((await run.ended).code).toBe(0);
    expect([first.id, second?.id].sort()).toEqual(['one', 'two']);
  }, 120_000);

  it('case 34: somebody holds the lock of M: reads are answered, writes wait for it and are made', async () => {
    await using lone = await LoneArea.make();
    const holder = spawn(process.execPath, [
      '-e',
      `const db = new (require('better-sqlite3'))(${JSON.stringify(lone.working)});
       db.exec('BEGIN IMMEDIATE');
       console.log('held');
       process.stdin.on('end', () => { db.exec('COMMIT'); }).resume();`,
    ]);
    await new Promise((resolve) => holder.stdout.once('data', resolve));
    await using client = await RawClient.connect(lone.path);
    await client.login('c1');
    client.request('c1:1', 'runs.setStatus', {runId: 1, status: 'n/a', comment: 'late'});
    // Of another connection: on its own a read waits for the write before it.
    expect(await lone.noted()).toBe('');
    holder.stdin.end();
    expect(await client.next()).toMatchObject({id: 'c1:1', result: null});
    expect(await lone.noted()).toBe('late');
  });
});

describeWith(['root', 'ip', 'unshare'], 'between hosts', () => {
  it('case 15: a homehost whose clock is an hour behind is alive for others, who are told once', async () => {
    await using area = TestArea.make({'megatest.config': config, 'runconfigs.config': '[default]\n'});
    await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
    const clock = area.beside('clock.mjs');
    writeFileSync(
      clock,
      `const Real = Date;
       globalThis.Date = class extends Real {
         constructor(...words) { super(...(words.length === 0 ? [Date.now()] : words)); }
         static now() { return Real.now() - 3_600_000; }
       };\n`,
    );
    const started = await area.megatest(['server', 'start'], {
      host: hosts.host('alpha'),
      env: {NODE_OPTIONS: `--import ${clock}`},
    });
    expect(started.code).toBe(0);
    const {pid} = area.serverRecord();
    const record = join(area.path, '.server');
    // The first sign of life after the start bears whatever time the daemon gives it.
    const written = statSync(record).mtimeMs;
    await until(() => statSync(record).mtimeMs !== written);
    // Without an sshd a second daemon could not even be started there.
    const outcome = await area.megatest(['rpc', 'server.status'], {
      host: hosts.host('beta'),
      env: {MT_RPC_GIVEUP: '2'},
    });
    expect(outcome.stderr).toMatch(/^WARNING: the clock of this host is 36\d\d seconds ahead of .*\n$/);
    expect(JSON.parse(outcome.stdout)).toMatchObject({pid});
    await area.end();
  });

  it('case 21: the homehost takes no remote shell: what the start said is in the message', async () => {
    await using area = TestArea.make({'megatest.config': config, 'runconfigs.config': '[default]\n'});
    await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
    writeFileSync(join(area.path, '.homehost'), `${hosts.host('alpha').address}\n`);
    const outcome = await area.megatest(['rpc', 'server.status'], {
      host: hosts.host('beta'),
      env: {MT_RPC_GIVEUP: '3600'},
    });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(`the homehost ${hosts.host('alpha').address} cannot be reached`);
    expect(outcome.stderr).toContain('the start said');
    expect(outcome.stderr).toContain('Connection refused');
    await area.end();
  });

  it('case 31: a link that is cut during tests: what ends meanwhile is kept, and recorded when it is back', async () => {
    await using area = TestArea.make({
      'megatest.config': config.replace('[setup]', '[setup]\nmax_concurrent_jobs 2'),
      'runconfigs.config': '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n',
      'tests/ends/testconfig': `[ezsteps]\nbody ${steerScript}\n`,
      'tests/tells/testconfig': `[ezsteps]\nbody ${steerScript}\n`,
    });
    await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
    using conductor = new Conductor(area.beside('steer'));
    const [alpha, beta] = [hosts.host('alpha'), hosts.host('beta')];
    expect((await area.megatest(['server', 'start'], {host: alpha})).code).toBe(0);
    const run = area.start(['megatest', 'run', '-t', 'x', '-n', 'r'], {host: beta});
    const [ends, tells] = [await conductor.body('ends'), await conductor.body('tells')];
    const states = async (): Promise<string[]> => {
      const listed = await area.megatest(['rpc', 'tests.list', '{"runIds": null}'], {host: alpha});
      return (JSON.parse(listed.stdout) as {state: string}[]).map((row) => row.state);
    };
    // A body may start before the record that its test runs has come to the homehost.
    await until(async () => (await states()).join() === 'RUNNING,RUNNING');
    beta.cutLink();
    ends.exit(0);
    tells.run('touch $MT_RUN_AREA_HOME/asks; $MT_MEGATEST -step extra :state end :status 0');
    tells.exit(0);
    await until(() => existsSync(join(area.path, 'asks')));
    // The step's own file says, in its last line, that it has ended while nobody could be told.
    await until(
      async () => (await area.shell("tail -n 1 runs/x/r/ends/.mt/step-1 | grep -x '[0-9]*'")).code === 0,
    );
    expect(await states()).toEqual(['RUNNING', 'RUNNING']);
    beta.healLink();
    const outcome = await run.ended;
    expect(outcome.code).toBe(0);
    expect((await area.megatest(['rpc', 'sync.flush'], {host: alpha})).code).toBe(0);
    expect(
      area.query("SELECT testname FROM tests WHERE state = 'COMPLETED' AND status = 'PASS'"),
    ).toHaveLength(2);
    expect(area.query("SELECT status FROM test_steps WHERE stepname = 'extra'")).toEqual([{status: '0'}]);
    expect(Object.fromEntries(conductor.starts)).toEqual({ends: 1, tells: 1});
    await area.end();
  });
});

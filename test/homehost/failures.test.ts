/** Spec homehost.md 13, row by row, each failure really caused; the rows that a smaller test holds are in failures.md. */
import {spawnSync} from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {describe, expect, it} from 'vitest';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {LoneArea, mountSmall} from './lone-area.ts';

describe('the daemon', () => {
  it('case 1: killed: the next client starts another, what was acknowledged is there, and reaches T without a further write', async () => {
    await using lone = await LoneArea.make();
    await lone.note('kept');
    const {pid} = lone;
    await lone.kill();
    expect(await lone.noted()).toBe('kept');
    expect(lone.pid).not.toBe(pid);
    await lone.untilNotedInArea('kept');
  });

  it('case 2: killed while T is being written: a hot journal is rolled back, T is whole, nothing is missing', async () => {
    await using lone = await LoneArea.make();
    await lone.note('first');
    await lone.untilNotedInArea('first');
    await lone.note('second');
    await lone.kill();
    // What such a death leaves: a journal with the old pages and a file with some new ones.
    const area = join(lone.path, 'megatest.db');
    const writer = spawnSync(process.execPath, [
      '-e',
      `const db = new (require('better-sqlite3'))(${JSON.stringify(area)});
       db.pragma('cache_size = 1');
       db.exec("BEGIN; UPDATE runs SET comment = 'torn'; UPDATE tests SET comment = hex(randomblob(20000))");
       process.kill(process.pid, 'SIGKILL');`,
    ]);
    expect(writer.signal).toBe('SIGKILL');
    expect(existsSync(`${area}-journal`)).toBe(true);
    expect(await lone.noted()).toBe('second');
    await lone.untilNotedInArea('second');
    const db = new Database(area, {readonly: true});
    expect(db.pragma('integrity_check', {simple: true})).toBe('ok');
    db.close();
  });

  it('told to leave while a flush is under way: what was acknowledged since the flush began is in T when it has left', async () => {
    await using lone = await LoneArea.make();
    const {pid} = lone;
    const area = join(lone.path, 'megatest.db');
    // A reader of T holds up the end of the flush.
    const reader = new Database(area, {readonly: true});
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM runs').get();
    await lone.note('in the flush');
    await until(() => existsSync(`${area}-journal`));
    await lone.note('after it began');
    process.kill(pid, 'SIGTERM');
    await lone.untilLogged('leaving: ');
    reader.close();
    await until(() => !existsSync(`/proc/${pid}`));
    expect(lone.notedIn()).toBe('after it began');
  });

  it('case 3: hangs: one that shows no life for a minute is ended, and another takes over', async () => {
    await using lone = await LoneArea.make();
    await lone.note('kept');
    const {pid} = lone;
    process.kill(pid, 'SIGSTOP');
    // As if the minute had passed.
    const old = new Date(Date.now() - 120_000);
    utimesSync(join(lone.path, '.server'), old, old);
    expect(await lone.noted()).toBe('kept');
    expect(lone.pid).not.toBe(pid);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    // Noticing takes three waits of ten seconds: of the client, of the new daemon, and for an orderly end.
  }, 150_000);

  it('case 17: a second one beside it says so and ends with 0; the first goes on', async () => {
    await using lone = await LoneArea.make();
    const {pid} = lone;
    const second = await lone.megatest(['-server', '-']);
    expect(second).toMatchObject({code: 0});
    expect(second.stderr).toContain('already running');
    expect(lone.pid).toBe(pid);
    await lone.note('still');
  });

  it('case 17: one that has lost its lease ends with 1 and leaves what it knew', async () => {
    await using lone = await LoneArea.make();
    const {pid} = lone;
    const db = new Database(join(lone.path, 'megatest.db'), {timeout: 10_000});
    // Until this ends no flush comes through: the note is in M only.
    db.exec('BEGIN IMMEDIATE');
    await lone.note('late');
    db.prepare("UPDATE metadat SET val = 'somebody' WHERE var = 'SYNC_OWNER'").run();
    db.exec('COMMIT');
    db.close();
    await until(() => !existsSync(`/proc/${pid}`));
    const [copy = ''] = readdirSync(join(lone.path, 'logs')).filter((name) => name.startsWith('unsynced-'));
    expect(lone.notedIn(join(lone.path, 'logs', copy))).toBe('late');
    expect(lone.log()).toContain('another daemon (somebody) writes');
  });

  it('case 18: a stale record is no daemon', async () => {
    await using lone = await LoneArea.make();
    const record = readFileSync(join(lone.path, '.server'), 'utf8');
    await lone.kill('SIGTERM');
    expect(existsSync(join(lone.path, '.server'))).toBe(false);
    writeFileSync(join(lone.path, '.server'), record);
    expect(await lone.noted()).toBe('');
  });

  it('case 19: a stale start lock stops nobody', async () => {
    await using lone = await LoneArea.make();
    await lone.kill('SIGTERM');
    const lock = join(lone.path, '.starting-server');
    writeFileSync(lock, `${JSON.stringify({host: 'elsewhere', pid: 1, time: 0})}\n`);
    const longAgo = Date.now() / 1000 - 120;
    utimesSync(lock, longAgo, longAgo);
    expect(await lone.noted()).toBe('');
    expect(existsSync(lock)).toBe(false);
  });

  it('case 22: a homehost that has moved makes it flush and leave', async () => {
    await using lone = await LoneArea.make();
    const {pid} = lone;
    await lone.note('moved');
    writeFileSync(join(lone.path, '.homehost'), '192.0.2.1\n');
    await until(() => !existsSync(`/proc/${pid}`));
    expect(lone.notedIn()).toBe('moved');
    expect(lone.log()).toContain('the homehost has moved');
  });

  it('case 32: on another port it is found by its record', async () => {
    await using lone = await LoneArea.make();
    const {port} = lone.area.serverRecord();
    await lone.kill();
    await lone.note('found');
    expect(lone.area.serverRecord().port).not.toBe(port);
  });

  it('case 36: started with umask 077 in a shared area it leaves files that the group can read', async () => {
    await using lone = await LoneArea.make();
    await lone.kill('SIGTERM');
    chmodSync(lone.path, 0o775);
    expect((await lone.area.shell('umask 077; megatest server start')).code).toBe(0);
    const mode = (name: string) => statSync(join(lone.path, name)).mode & 0o777;
    expect(mode('.server')).toBe(0o664);
    expect(mode('.server.key')).toBe(0o640);
    const [log = ''] = readdirSync(join(lone.path, 'logs')).filter((name) => name.includes(`-${lone.pid}-`));
    expect(mode(`logs/${log}`)).toBe(0o664);
  });

  it('case 37: a signal makes it flush and leave with everything in T', async () => {
    await using lone = await LoneArea.make();
    await lone.note('last');
    await lone.kill('SIGINT');
    expect(lone.notedIn()).toBe('last');
    expect(lone.log()).toContain('all results are in megatest.db');
  });
});

describe('files that disappear', () => {
  it('case 5: M is gone with the host: T fills it, and says from when on something may be missing', async () => {
    await using lone = await LoneArea.make();
    await lone.note('in T');
    await lone.untilNotedInArea('in T');
    const {working} = lone;
    await lone.kill();
    for (const suffix of ['', '-wal', '-shm']) {
      rmSync(working + suffix, {force: true});
    }
    expect(await lone.noted()).toBe('in T');
    expect(lone.log()).toMatch(/writes after \d{4}-\d\d-\d\dT.* may be missing/);
  });

  it('case 6: only the file M is gone, its log is left: the same', async () => {
    await using lone = await LoneArea.make();
    await lone.note('in T');
    await lone.untilNotedInArea('in T');
    const {working} = lone;
    await lone.kill();
    rmSync(working);
    expect(await lone.noted()).toBe('in T');
    await lone.runOnce('second');
    expect(((await lone.rpc('runs.list', {runPatt: '%'})) as readonly unknown[]).length).toBe(2);
  });

  it('case 7: the directory of M is removed under a running daemon: nothing is lost', async () => {
    await using lone = await LoneArea.make();
    const {working, pid} = lone;
    await lone.note('only in memory');
    rmSync(join(working, '..'), {recursive: true});
    await until(() => !existsSync(`/proc/${pid}`));
    expect(lone.log()).toContain('was removed while the daemon ran');
    expect(lone.notedIn(working)).toBe('only in memory');
    expect(await lone.noted()).toBe('only in memory');
    await lone.untilNotedInArea('only in memory');
  });

  it('case 8: T is removed under a running daemon: it is made again', async () => {
    await using lone = await LoneArea.make();
    rmSync(join(lone.path, 'megatest.db'));
    await lone.note('again');
    await lone.untilNotedInArea('again');
    await lone.untilLogged('was gone; it was made anew');
  });

  it('case 9: T is removed while no daemon runs: it is made of M', async () => {
    await using lone = await LoneArea.make();
    await lone.note('in M');
    await lone.kill('SIGTERM');
    rmSync(join(lone.path, 'megatest.db'));
    expect(await lone.noted()).toBe('in M');
    await lone.untilNotedInArea('in M');
    expect(lone.log()).toContain('to begin with nothing, stop the daemon and remove both');
  });

  it('case 38: T is restored from a backup: it is not overwritten, writes go on, and a person decides', async () => {
    await using lone = await LoneArea.make();
    const area = join(lone.path, 'megatest.db');
    await lone.note('old');
    await lone.rpc('sync.flush');
    copyFileSync(area, lone.area.beside('backup'));
    await lone.note('new');
    await lone.rpc('sync.flush');
    copyFileSync(lone.area.beside('backup'), area);
    await lone.note('newer');
    await lone.untilLogged('was it restored?');
    expect(lone.notedIn()).toBe('old');
    expect(await lone.noted()).toBe('newer');
    await lone.rpc('sync.flush', {full: true});
    expect(lone.notedIn()).toBe('newer');
  });
});

describe('files that are damaged', () => {
  it('case 12: M: it is set aside, T and what can be read make a new one', async () => {
    await using lone = await LoneArea.make();
    await lone.note('in T');
    await lone.kill('SIGTERM');
    const working = join('/tmp', process.env.USER ?? 'root', 'megatest_localdb/area');
    const [folder = ''] = readdirSync(working).filter((name) => lone.path.replaceAll('/', '.') === name);
    const file = join(working, folder, 'megatest.db');
    writeFileSync(file, 'no database at all');
    expect(await lone.noted()).toBe('in T');
    expect(readdirSync(join(working, folder)).some((name) => name.includes('.corrupt-'))).toBe(true);
    expect(lone.log()).toContain('is damaged');
  });

  it('case 13: T: it is set aside and made of M', async () => {
    await using lone = await LoneArea.make();
    await lone.note('in M');
    await lone.kill('SIGTERM');
    writeFileSync(join(lone.path, 'megatest.db'), 'no database at all');
    expect(await lone.noted()).toBe('in M');
    await lone.untilNotedInArea('in M');
    expect(readdirSync(join(lone.path, 'old'))).toEqual([expect.stringContaining('megatest.db.corrupt-')]);
  });

  it('case 28: a database of a newer program is refused, and nothing is written', async () => {
    await using lone = await LoneArea.make();
    await lone.kill('SIGTERM');
    const area = join(lone.path, 'megatest.db');
    const {working} = {
      working: join(
        '/tmp',
        process.env.USER ?? 'root',
        'megatest_localdb/area',
        lone.path.replaceAll('/', '.'),
      ),
    };
    rmSync(working, {recursive: true});
    const db = new Database(area);
    db.pragma('user_version = 99');
    db.close();
    const before = readFileSync(area);
    const outcome = await lone.megatest(['server', 'start', '--foreground']);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain('written by a newer version');
    expect(readFileSync(area).equals(before)).toBe(true);
  });
});

describeWith(['root'], 'disks and permissions', () => {
  it('case 10: the disk of M is full: the write fails with its reason, reads go on, and writes too when there is room', async () => {
    await using lone = await LoneArea.make();
    await lone.kill('SIGTERM');
    const folder = join(
      '/tmp',
      process.env.USER ?? 'root',
      'megatest_localdb/area',
      lone.path.replaceAll('/', '.'),
    );
    const kept = lone.area.beside('kept.db');
    renameSync(join(folder, 'megatest.db'), kept);
    using _ = mountSmall(folder, 2048);
    copyFileSync(kept, join(folder, 'megatest.db'));
    chmodSync(folder, 0o700);
    await lone.note('before');
    const free = () =>
      Number(/(\d+)$/.exec(String(spawnSync('df', ['-k', '--output=avail', folder]).stdout).trim())?.[1]);
    writeFileSync(join(folder, 'filler'), Buffer.alloc(free() * 1024));
    let failure = '';
    for (let size = 0; failure === '' && size < 60_000 * 100; size += 60_000) {
      await lone.note('x'.repeat(60_000)).catch((error: unknown) => {
        failure = String(error);
      });
    }
    expect(failure).toContain('the disk of the working database is full');
    expect(await lone.noted()).not.toBe('');
    rmSync(join(folder, 'filler'));
    await lone.note('after');
    expect(await lone.noted()).toBe('after');
    await lone.kill('SIGTERM');
  });

  it('case 11: the disk of the area is full: the daemon goes on, says so, and catches up', async () => {
    await using lone = await LoneArea.make();
    await lone.kill('SIGTERM');
    const kept = lone.area.beside('kept');
    spawnSync('cp', ['-a', `${lone.path}/.`, kept]);
    using _ = mountSmall(lone.path, 2048);
    spawnSync('cp', ['-a', `${kept}/.`, lone.path]);
    await lone.note('before');
    await lone.untilNotedInArea('before');
    await lone.rpc('runs.setStatus', {runId: 1, status: 'n/a', comment: 'x'.repeat(60_000)});
    const filler = join(lone.path, 'filler');
    spawnSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=1k']);
    for (let count = 0; count < 3; count += 1) {
      await lone.note(`${count}`.repeat(60_000));
    }
    await lone.note('late');
    const {sync} = (await lone.rpc('server.status')) as {sync: {dirty: boolean}};
    expect(sync.dirty).toBe(true);
    rmSync(filler);
    await lone.untilNotedInArea('late');
    await lone.kill('SIGTERM');
  });

  it('case 35: an area that may not be entered is told with its path', async () => {
    await using lone = await LoneArea.make();
    await lone.kill('SIGTERM');
    const folder = join(
      '/tmp',
      process.env.USER ?? 'root',
      'megatest_localdb/area',
      lone.path.replaceAll('/', '.'),
    );
    chownSync(folder, 65534, 65534);
    const outcome = await lone.megatest(['server', 'start', '--foreground']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain(`${folder} belongs to uid 65534`);
    chownSync(folder, 0, 0);
  });
});

describe('homehosts that are not there', () => {
  it('case 20: .homehost names a host that cannot be reached: told at once, with the file', async () => {
    await using lone = await LoneArea.make();
    await lone.kill('SIGTERM');
    writeFileSync(join(lone.path, '.homehost'), '127.1.2.3\n');
    // Far beyond the limit of this test: it is told before the command gives up.
    const outcome = await lone.megatest(['rpc', 'server.status'], {env: {MT_RPC_GIVEUP: '3600'}});
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('the homehost 127.1.2.3 cannot be reached by ssh');
    expect(outcome.stderr).toContain('.homehost');
  });

  it('an empty .homehost is told with its path, and not overwritten', async () => {
    await using lone = await LoneArea.make();
    writeFileSync(join(lone.path, '.homehost'), '');
    const outcome = await lone.megatest(['status']);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain('.homehost');
    expect(readFileSync(join(lone.path, '.homehost'), 'utf8')).toBe('');
  });
});

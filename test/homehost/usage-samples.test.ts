/** Spec homehost.md 9.4: however many tests and managers a host has, and however often they are heard of, it leaves one sample at a time. */
import Database from 'better-sqlite3';
import {expect, it} from 'vitest';
import {LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

it('signs of life that follow each other closely leave one sample for each host', async () => {
  await using lone = await LoneArea.make();
  await using client = await RawClient.connect(lone.path);
  await client.login('c1');
  // The load tells the hosts apart.
  const managers = [
    {managerId: 'a', host: 'mars', user: 'ana', load: 1},
    {managerId: 'b', host: 'mars', user: 'bob', load: 1},
    {managerId: 'c', host: 'venus', user: 'ana', load: 2},
  ];
  let seq = 0;
  const ask = async (method: string, params: unknown) => {
    seq += 1;
    expect(await client.ask(`c1:${seq}`, method, params)).not.toHaveProperty('error');
  };
  for (const {load: _, ...manager} of managers) {
    await ask('manager.register', {...manager, uid: 1, pid: 1, pidStart: '', cpus: 2, launches: []});
  }
  for (const {managerId, load} of [...managers, ...managers, ...managers]) {
    await ask('manager.heartbeat', {managerId, load: [load, load], tests: [{testId: 1, runDuration: 1}]});
  }
  for (const load of [1, 2]) {
    const times = samplesOf(lone.working, load);
    expect(times.length).toBeGreaterThan(0);
    // However slow this machine is.
    for (const [index, time] of times.slice(1).entries()) {
      expect(time - (times[index] ?? 0)).toBeGreaterThanOrEqual(15);
    }
  }
});

/** When a host was looked at. */
function samplesOf(working: string, load: number): readonly number[] {
  const db = new Database(working, {readonly: true});
  try {
    return db
      .prepare<[number], number>('SELECT update_time FROM test_rundat WHERE cpuload = ? ORDER BY id')
      .pluck()
      .all(load);
  } finally {
    db.close();
  }
}

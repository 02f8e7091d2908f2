/** `pkts.import` through a real daemon: the manager of its user takes the packets in, whoever asks and wherever the manager was before. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {packetFileName, printPacket} from '@megatest/model';
import {RPC_CODES} from '@megatest/rpc';
import Database from 'better-sqlite3';
import {afterAll, beforeAll, expect, it} from 'vitest';
import {config, LoneArea} from './lone-area.ts';
import {RawClient} from './raw-client.ts';

let lone: LoneArea;

/** A packet in a directory of the area. */
function send(directory: string, cards: Readonly<Record<string, string>>): string {
  mkdirSync(join(lone.path, directory), {recursive: true});
  const {uuid, text} = printPacket(new Map(Object.entries(cards)));
  writeFileSync(join(lone.path, directory, packetFileName(uuid)), text);
  return uuid;
}

function queued(): unknown[] {
  const db = new Database(join(lone.path, 'queue/pkts.db'), {readonly: true});
  try {
    return db.prepare('SELECT uuid, parent_uuid, pkt_type, processed FROM pkts ORDER BY id').raw().all();
  } finally {
    db.close();
  }
}

beforeAll(async () => {
  lone = await LoneArea.make({
    'megatest.config': config.replace(
      '[setup]',
      '[setup]\npktsdirs #{getenv MT_RUN_AREA_HOME}/in #{shell echo other}\npdbpath queue',
    ),
  });
});
afterAll(async () => {
  await lone?.[Symbol.asyncDispose]();
});

it('packets are imported by a manager that the daemon starts, once each; what is no packet is named', async () => {
  const run = send('in', {A: 'run', T: 'cmd', t: 'x', n: 'r2'});
  const start = send('other', {T: 'runstart', P: run});
  writeFileSync(join(lone.path, 'in/zz.pkt'), 'none');
  const bad = {refused: 0, bad: 1, problems: [expect.stringContaining(`${lone.path}/in/zz.pkt is skipped`)]};
  // Two at the same time do not take one twice.
  const [one, two] = (await Promise.all([lone.rpc('pkts.import'), lone.rpc('pkts.import')])) as {
    imported: number;
    known: number;
  }[];
  expect([one, two]).toMatchObject([bad, bad]);
  expect([(one?.imported ?? 0) + (two?.imported ?? 0), (one?.known ?? 0) + (two?.known ?? 0)]).toEqual([
    2, 2,
  ]);
  expect(await lone.rpc('pkts.import')).toEqual({imported: 0, known: 2, ...bad});
  expect(queued()).toEqual([
    [run, '', 'cmd', 0],
    [start, run, 'runstart', 0],
  ]);
});

it('a directory can be named; one that is not there, or a viewer, is refused', async () => {
  send('elsewhere', {A: 'kill', T: 'cmd'});
  expect(await lone.rpc('pkts.import', {dir: 'elsewhere'})).toMatchObject({imported: 1, known: 0});
  await using operator = await RawClient.connect(lone.path);
  await operator.login('op');
  expect((await operator.ask('op:1', 'pkts.import', {dir: 'nowhere'}))?.error).toMatchObject({
    code: RPC_CODES.invalidValue,
    message: expect.stringContaining(`${lone.path}/nowhere cannot be read`),
  });
  await using viewer = await RawClient.connect(lone.path);
  await viewer.login('view', 'ro');
  expect((await viewer.ask('view:1', 'pkts.import', {}))?.error).toMatchObject({code: RPC_CODES.notAllowed});
});

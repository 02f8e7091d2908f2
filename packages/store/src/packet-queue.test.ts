import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {type NewPacket, PacketQueue} from './packet-queue.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'packets-'));
  path = join(directory, 'pkts.db');
});
afterEach(() => rmSync(directory, {recursive: true}));

function look(query: string): unknown[] {
  const db = new Database(path, {readonly: true});
  try {
    return db.prepare(query).raw().all();
  } finally {
    db.close();
  }
}

function rows(): unknown[] {
  return look('SELECT id, group_id, uuid, parent_uuid, pkt_type, pkt, processed FROM pkts ORDER BY id');
}

function packet(uuid: string, more: Partial<NewPacket> = {}): NewPacket {
  return {uuid, parentUuid: '', type: 'cmd', text: `T cmd\nZ ${uuid}\n`, isRefused: false, ...more};
}

it('takes each packet once, also when two add it at the same time', () => {
  using queue = new PacketQueue(path);
  using other = new PacketQueue(path);
  expect(queue.has('a1')).toBe(false);
  expect(queue.add([packet('a1'), packet('b2', {parentUuid: 'a1', type: 'runstart'})])).toHaveLength(2);
  expect(other.add([packet('b2'), packet('c3', {isRefused: true})])).toEqual([
    packet('c3', {isRefused: true}),
  ]);
  expect(queue.has('c3')).toBe(true);
  expect(rows()).toEqual([
    [1, 0, 'a1', '', 'cmd', 'T cmd\nZ a1\n', 0],
    [2, 0, 'b2', 'a1', 'runstart', 'T cmd\nZ b2\n', 0],
    [3, 0, 'c3', '', 'cmd', 'T cmd\nZ c3\n', -1],
  ]);
});

it('has what is to be done, and whoever settles it first does it', () => {
  using queue = new PacketQueue(path);
  using other = new PacketQueue(path);
  queue.add([packet('a1'), packet('b2', {type: 'runstart'}), packet('c3', {isRefused: true}), packet('d4')]);
  expect(queue.queued()).toEqual([
    {id: 1, uuid: 'a1', text: packet('a1').text},
    {id: 4, uuid: 'd4', text: packet('d4').text},
  ]);
  expect([queue.settle(1, 'done'), other.settle(1, 'done'), other.settle(4, 'refused')]).toEqual([
    true,
    false,
    true,
  ]);
  expect(queue.queued()).toEqual([]);
});

it('takes over a file of an older version, in which a packet may stand twice and columns may be missing', () => {
  const db = new Database(path);
  db.exec(`CREATE TABLE pkts (id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, uuid TEXT NOT NULL, parent_uuid TEXT DEFAULT '',
      pkt TEXT NOT NULL, processed INTEGER DEFAULT 0, own TEXT DEFAULT 'kept');
    INSERT INTO pkts (group_id, uuid, pkt, processed) VALUES (0, 'a1', 'x', 0), (0, 'a1', 'x', 1), (0, 'b2', 'y', 0);`);
  db.close();
  using queue = new PacketQueue(path);
  expect(queue.add([packet('a1'), packet('b2')])).toEqual([]);
  expect(rows()).toEqual([
    [1, 0, 'a1', '', '', 'x', 1],
    [3, 0, 'b2', '', '', 'y', 0],
  ]);
  expect(look('SELECT DISTINCT own FROM pkts')).toEqual([['kept']]);
});

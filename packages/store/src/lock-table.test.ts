import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {type Connection, openWorking} from './connection.ts';
import {type LockHolder, LockTable} from './lock-table.ts';
import {ensureSchema} from './schema.ts';

const ann: LockHolder = {owner: 'ann@mars 1', clientId: 'a', isLasting: true};
const bob: LockHolder = {owner: 'bob@mars 2', clientId: 'b', isLasting: false};
let directory = '';
let db: Connection;
let locks: LockTable;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-locks-'));
  db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, [], 'M');
  locks = new LockTable(db);
});

afterEach(() => {
  db.close();
  rmSync(directory, {recursive: true});
});

it('a lock belongs to who took it first until its time is over', () => {
  expect(locks.acquire('l', ann, 10, 100)).toEqual(ann);
  expect(locks.acquire('l', bob, 10, 110)).toEqual(ann);
  expect(locks.acquire('other', bob, 10, 110)).toEqual(bob);
  expect(locks.acquire('l', bob, 10, 111)).toEqual(bob);
});

it('who has it keeps it for longer by asking again', () => {
  locks.acquire('l', ann, 10, 100);
  locks.acquire('l', ann, 10, 109);
  expect(locks.acquire('l', bob, 10, 119)).toEqual(ann);
  expect(locks.acquire('l', bob, 10, 120)).toEqual(bob);
});

it('only who has it gives it back', () => {
  expect(locks.release('l', 'a', 100)).toBeUndefined();
  locks.acquire('l', ann, 10, 100);
  expect(locks.release('l', 'b', 100)).toEqual(ann);
  expect(locks.release('l', 'a', 100)).toEqual(ann);
  expect(locks.release('l', 'a', 100)).toBeUndefined();
  expect(locks.acquire('l', bob, 10, 100)).toEqual(bob);
  expect(locks.release('l', 'b', 111)).toBeUndefined();
});

it('the next daemon frees what connections had, and nothing else', () => {
  locks.acquire('of a connection', ann, 10, 100);
  locks.acquire('of a post', bob, 10, 100);
  locks.releaseLasting();
  expect(locks.acquire('of a connection', bob, 10, 100)).toEqual(bob);
  expect(locks.acquire('of a post', ann, 10, 100)).toEqual(bob);
});

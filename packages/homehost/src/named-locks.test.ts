import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Connected} from '@megatest/rpc';
import {type Connection, ensureSchema, openWorking} from '@megatest/store';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {Homehost} from './homehost.ts';
import {NamedLocks} from './named-locks.ts';

let directory = '';
let db: Connection;
let homehost: Homehost;
let locks: NamedLocks;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'megatest-locks-'));
  db = openWorking(join(directory, 'm.db'));
  ensureSchema(db, [], 'M');
  homehost = new Homehost({db, nowS: () => 100, log: () => {}});
  locks = new NamedLocks(homehost);
});

afterEach(() => {
  db.close();
  rmSync(directory, {recursive: true});
});

function connect(user: string, isLasting = true): Connected {
  const closers: (() => void)[] = [];
  return {
    client: {clientId: user, host: 'mars', pid: 7, user, kind: 'cli'},
    role: 'operator',
    address: 'local',
    isLasting,
    request: async () => null,
    notify: () => {},
    onClose: (listener) => closers.push(listener),
    close: () => {
      for (const closer of closers) {
        closer();
      }
    },
  };
}

const mine = (user: string) => ({ok: true, owner: `${user}@mars 7`});
const taken = (user: string) => ({ok: false, owner: `${user}@mars 7`});

it('ends with its connection, which frees nothing else', async () => {
  const [ann, bob] = [connect('ann'), connect('bob')];
  expect(await locks.acquire('l', 60, ann)).toEqual(mine('ann'));
  expect(await locks.acquire('of bob', 60, bob)).toEqual(mine('bob'));
  expect(await locks.acquire('l', 60, bob)).toEqual(taken('ann'));
  ann.close();
  expect(await locks.acquire('l', 60, bob)).toEqual(mine('bob'));
  expect(await locks.acquire('of bob', 60, connect('ann'))).toEqual(taken('bob'));
});

it('taken while its connection closes, it is free', async () => {
  const ann = connect('ann');
  const asked = locks.acquire('l', 60, ann);
  ann.close();
  await asked;
  expect(await locks.acquire('l', 60, connect('bob'))).toEqual(mine('bob'));
});

it('taken anew by another connection of the same client, it does not end with the first', async () => {
  const [first, second] = [connect('ann'), connect('ann')];
  await locks.acquire('l', 60, first);
  expect(await locks.acquire('l', 60, second)).toEqual(mine('ann'));
  first.close();
  expect(await locks.acquire('l', 60, connect('bob'))).toEqual(taken('ann'));
  second.close();
  expect(await locks.acquire('l', 60, connect('bob'))).toEqual(mine('bob'));
});

it('of a client that posts it is held without a connection, and given back by the next post', async () => {
  const post = connect('ann', false);
  await locks.acquire('l', 60, post);
  post.close();
  const bob = connect('bob');
  expect(await locks.acquire('l', 60, bob)).toEqual(taken('ann'));
  await expect(locks.release('l', bob)).rejects.toMatchObject({
    kind: 'conflict',
    data: {current: 'ann@mars 7'},
  });
  expect(await locks.release('l', connect('ann', false))).toBe(true);
  expect(await locks.release('l', connect('ann', false))).toBe(false);
  expect(await locks.acquire('l', 60, bob)).toEqual(mine('bob'));
});

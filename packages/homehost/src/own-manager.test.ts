import {type Connected, RpcError} from '@megatest/rpc';
import {afterEach, beforeEach, expect, it, vi} from 'vitest';
import {type Manager, Managers} from './managers.ts';
import {OwnManager} from './own-manager.ts';

let managers: Managers;
let own: OwnManager;
let started = 0;

beforeEach(() => {
  vi.useFakeTimers();
  started = 0;
  managers = new Managers();
  own = new OwnManager(managers, () => {
    started += 1;
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function manager(id: string, answer: () => Promise<unknown>): Manager {
  const connection = {onClose: () => {}, request: answer} as unknown as Connected;
  return {id, host: own.host, user: own.user, pid: 1, cpus: 1, connection};
}

it('is started for a question, and is said to be missing when it does not come', async () => {
  const refused = expect(own.ask('manager.importPackets', {})).rejects.toMatchObject({
    kind: 'noManager',
    data: {host: own.host, user: own.user},
  });
  expect(started).toBe(0);
  // The managers of the daemon before this one look for it first.
  await vi.advanceTimersByTimeAsync(3000);
  expect(started).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  await refused;
  own.look();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(started).toBe(1);
});

it('that is lost with a question is followed by another, which is asked again; a refusal stands', async () => {
  const counts = {imported: 1, known: 0, refused: 0, bad: 0, problems: []};
  managers.add(
    manager('first', async () => {
      throw new Error('the connection is closed');
    }),
    [],
  );
  await vi.advanceTimersByTimeAsync(60_000);
  const asked = own.ask('manager.importPackets', {dir: 'x'});
  expect(started).toBe(0);
  await vi.advanceTimersByTimeAsync(0);
  expect(started).toBe(1);
  managers.add(
    manager('next', async () => counts),
    [],
  );
  expect(await asked).toEqual(counts);
  managers.add(
    manager('last', async () => {
      throw new RpcError('invalidValue', 'x cannot be read');
    }),
    [],
  );
  managers.left(managers.get('next') as Manager);
  await expect(own.ask('manager.importPackets', {dir: 'x'})).rejects.toMatchObject({kind: 'invalidValue'});
});

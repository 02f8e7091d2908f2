import {expect, it} from 'vitest';
import {HeldSecrets, type SecretHolder} from './held-secrets.ts';

const holder = (user: string, role: SecretHolder['role'] = 'viewer'): SecretHolder => ({
  client: {clientId: 'c', host: 'mars', pid: 1, user, kind: 'cli'},
  role,
});

function held(most = 10) {
  const clock = {nowMs: 0};
  const ended: string[] = [];
  const secrets = new HeldSecrets({
    validS: 60,
    most,
    nowMs: () => clock.nowMs,
    onEnd: ({client}) => ended.push(client.user),
  });
  return {clock, ended, secrets};
}

it('a secret that is taken is good for nothing else', () => {
  const {secrets} = held();
  const secret = secrets.make(holder('ana'));
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(secrets.take(secret)?.client.user).toBe('ana');
  expect(secrets.take(secret)).toBeUndefined();
});

it('each ends with its time, which a renewal makes begin anew', () => {
  const {secrets, clock, ended} = held();
  const [ana, bob] = [secrets.make(holder('ana')), secrets.make(holder('bob'))];
  clock.nowMs = 50_000;
  expect(secrets.renew(ana)?.client.user).toBe('ana');
  clock.nowMs = 60_001;
  secrets.sweep();
  expect(ended).toEqual(['bob']);
  expect([secrets.renew(bob), secrets.find(ana)?.client.user]).toEqual([undefined, 'ana']);
  clock.nowMs = 110_001;
  expect(secrets.renew(ana)).toBeUndefined();
  expect(ended).toEqual(['bob', 'ana']);
});

it('who has most of a role loses the one that ends first', () => {
  const {secrets, ended} = held(3);
  const operator = secrets.make(holder('bob', 'operator'));
  secrets.make(holder('bob'));
  const [first, second] = [secrets.make(holder('eve')), secrets.make(holder('eve'))];
  secrets.renew(first);
  secrets.make(holder('eve'));
  expect(ended).toEqual(['eve']);
  expect([operator, first, second].map((secret) => secrets.find(secret) !== undefined)).toEqual([
    true,
    true,
    false,
  ]);
});

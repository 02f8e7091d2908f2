import {expect, it} from 'vitest';
import type {SecretHolder} from './held-secrets.ts';
import {SessionTokens} from './session-tokens.ts';

const holder = (user: string, role: SecretHolder['role']): SecretHolder => ({
  client: {clientId: 'c', host: 'mars', pid: 1, user, kind: 'cli'},
  role,
});

it('who asks for many tokens ends only its own', () => {
  const tokens = new SessionTokens();
  const operator = tokens.make(holder('ana', 'operator')).token;
  const viewer = tokens.make(holder('bob', 'viewer')).token;
  const first = tokens.make(holder('eve', 'viewer')).token;
  for (let count = 0; count < 1200; count += 1) {
    tokens.make(holder('eve', 'viewer'));
  }
  expect(tokens.find(operator)?.client.user).toBe('ana');
  expect(tokens.find(viewer)?.client.user).toBe('bob');
  expect(tokens.find(first)).toBeUndefined();
});

it('a token ends with its time', () => {
  let nowMs = 0;
  const tokens = new SessionTokens(() => nowMs);
  const {token, validS} = tokens.make(holder('ana', 'operator'));
  expect(tokens.find(token)?.role).toBe('operator');
  nowMs = validS * 1000 + 1;
  expect(tokens.find(token)).toBeUndefined();
});

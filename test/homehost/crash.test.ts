/** A small round of `npm run soak -- crash`. */
import {expect, it} from 'vitest';
import {describeWith} from '../rig/needs.ts';
import {crashRound} from './crash-round.ts';

const limitMs = 240_000;

describeWith(['root', 'ip', 'unshare', 'sshd', 'ssh'], 'a run over three hosts with accidents', () => {
  it('ends right, each body run once, and M, T and C are equal row for row', {
    timeout: 2 * limitMs,
  }, async () => {
    const {accidents, problems} = await crashRound({
      seed: 1,
      tests: 30,
      testsPerAccident: 3,
      limitMs,
    });
    expect(problems, JSON.stringify(accidents)).toEqual([]);
  });
});

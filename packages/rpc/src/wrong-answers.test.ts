import {expect, it} from 'vitest';
import {WrongAnswers} from './wrong-answers.ts';

it('after five wrong answers an address waits ten seconds for each further one, and no other does', () => {
  let nowMs = 0;
  const wrong = new WrongAnswers(() => nowMs);
  for (const waitMs of [0, 0, 0, 0, 10_000]) {
    wrong.add('10.0.0.1');
    expect(wrong.waitMs('10.0.0.1')).toBe(waitMs);
  }
  expect(wrong.waitMs('10.0.0.2')).toBe(0);
  nowMs = 10_000;
  expect(wrong.waitMs('10.0.0.1')).toBe(0);
  wrong.add('10.0.0.1');
  expect(wrong.waitMs('10.0.0.1')).toBe(10_000);
});

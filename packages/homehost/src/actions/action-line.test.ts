import type {JobRow} from '@megatest/store';
import {expect, it} from 'vitest';
import {actionLine} from './action-line.ts';

it('is one line with six columns, whatever was asked', () => {
  const job = {
    action: 'set-ss',
    owner: 'an\ta',
    params: JSON.stringify({commandLine: "megatest jobs add set-ss -m 'a\nb'", address: '10.0.0.7'}),
  } as JobRow;
  expect(actionLine(job, 0, 0)).toBe(
    "1970-01-01T00:00:00.000Z\tan a\t10.0.0.7\toperator\tmegatest jobs add set-ss -m 'a b'\t0",
  );
});

import {expect, it} from 'vitest';
import {judgeDiskClock} from './disk-clock.ts';

const nowMs = 1_700_000_000_000;

it.each([
  [
    'its time lies between',
    {timeMs: nowMs + 5, afterMs: nowMs + 12},
    true,
    /took 12 ms.* its clock is that of/,
  ],
  ['it keeps only whole seconds', {timeMs: nowMs - 1900, afterMs: nowMs + 1}, true, /is that of this host/],
  ['it is behind', {timeMs: nowMs - 60_000, afterMs: nowMs}, false, /60 seconds behind that of this host/],
  [
    'it is ahead',
    {timeMs: nowMs + 70_000, afterMs: nowMs + 10},
    false,
    /70 seconds ahead of that of this host/,
  ],
])('the clock of a network disk when %s', (_, {timeMs, afterMs}, isWell, text) => {
  const finding = judgeDiskClock({timeMs, beforeMs: nowMs, afterMs}, 'NFS', 'clock');
  expect(finding).toMatchObject({check: 'clock', ok: true});
  expect(finding.text).toMatch(text);
  expect(finding.fix === '').toBe(isWell);
});

it('a network disk that takes long for a file is a warning', () => {
  const finding = judgeDiskClock({timeMs: nowMs, beforeMs: nowMs, afterMs: nowMs + 3000}, 'NFS', 'clock');
  expect(finding.ok).toBe(true);
  expect(finding.fix).toContain('file server');
});

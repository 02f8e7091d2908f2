import {expect, it} from 'vitest';
import {resourceCells} from './resources.ts';

it('resources are shown in the units that a person would choose, and as - where nobody knows', () => {
  const usage = {cpuUserS: 1.25, cpuSystemS: 60, memoryPeakBytes: 1536, readBytes: 0, writtenBytes: null};
  expect(resourceCells(usage)).toEqual(['1m 1s', '1.25s', '1m 0s', '1.5 KiB', '0 B', '-']);
  expect(resourceCells({...usage, cpuUserS: null, memoryPeakBytes: 3 * 1024 ** 4 * 1024})).toEqual([
    '-',
    '-',
    '1m 0s',
    '3072.0 TiB',
    '0 B',
    '-',
  ]);
  expect(resourceCells(undefined)).toEqual(['-', '-', '-', '-', '-', '-']);
});

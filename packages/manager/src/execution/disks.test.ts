import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {chooseDisk, freeSpaceOfOutput, mostRoom} from './disks.ts';

const candidates = (free: Readonly<Record<string, number>>) =>
  Object.entries(free).map(([name, freeKiB]) => ({disk: {name, path: `/scratch/${name}`}, freeKiB}));

describe('26.4 the disk of a test', () => {
  it.each([
    ['the one with most room that can be used', {a: 9000, b: 50_000, c: -1}, 'b'],
    ['the first of equals', {a: 50_000, b: 50_000}, 'a'],
    ['none with just the minimum', {a: 10_000}, undefined],
    ['one above the minimum', {a: 10_001}, 'a'],
    ['none with too little', {z: 500}, undefined],
  ])('is %s', (_, free, wanted) => {
    expect(mostRoom(candidates(free), 10_000)?.name).toBe(wanted);
  });

  it('is never one that is missing or relative, and each is told', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'disks-'));
    try {
      mkdirSync(join(directory, 'good'));
      const warnings: string[] = [];
      const disks = [
        {name: 'gone', path: join(directory, 'gone')},
        {name: 'near', path: '.'},
        {name: 'good', path: join(directory, 'good')},
      ];
      const chosen = await chooseDisk(
        disks,
        10_000,
        () => 20_000,
        (text) => warnings.push(text),
      );
      expect(chosen.name).toBe('good');
      expect(warnings).toEqual([
        `WARNING: disk gone at path "${join(directory, 'gone')}" is not a directory - ignoring it.`,
        'WARNING: disk near at path "." is not a fully qualified path - ignoring it.',
      ]);
    } finally {
      rmSync(directory, {recursive: true});
    }
  });

  it('is an error with the disks, what they have and the minimum, when there is none', async () => {
    const disks = [{name: 'z', path: '/'}];
    await expect(
      chooseDisk(
        disks,
        10_000,
        () => 500,
        () => {},
      ),
    ).rejects.toThrow(
      '[disks] (name, path, free: z / 500): a disk must be a writable directory with more than 10000',
    );
  });
});

describe('the number of a free-space script', () => {
  it.each([
    ['123456\n', 123_456],
    [' 1.5e6 \nmore\n', 1_500_000],
    ['', -1],
    ['lots\n5\n', -1],
  ])('%j is %i', (output, wanted) => {
    expect(freeSpaceOfOutput(output)).toBe(wanted);
  });
});

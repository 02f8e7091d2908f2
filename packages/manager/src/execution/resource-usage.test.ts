import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {addUsage, highest, memoryOf, noUsage, usageOfGroup, usageOfShell} from './resource-usage.ts';

const io =
  'rchar: 9000\nwchar: 70\nsyscr: 3\nsyscw: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n';

describe('usageOfShell', () => {
  it('adds what the shell used and what it waited for', () => {
    expect(usageOfShell(`0m0.002s 0m0.001s\n1m2.500s 0m0.250s\n${io}0\n`)).toEqual({
      cpuUserS: 62.502,
      cpuSystemS: 0.251,
      memoryPeakBytes: null,
      readBytes: 4096,
      writtenBytes: 8192,
    });
  });

  it('reads the decimal comma of a locale', () => {
    expect(usageOfShell('0m0,000s 0m0,000s\n0m1,250s 0m0,040s\n0\n')).toMatchObject({
      cpuUserS: 1.25,
      cpuSystemS: 0.04,
    });
  });

  it('knows nothing of a system that does not say', () => {
    expect(usageOfShell('3\n')).toEqual(noUsage);
  });
});

describe('usageOfGroup', () => {
  it('takes what the group counts, disk after disk', () => {
    const group = mkdtempSync(join(tmpdir(), 'usage-'));
    try {
      writeFileSync(join(group, 'cpu.stat'), 'usage_usec 1500000\nuser_usec 1200000\nsystem_usec 300000\n');
      writeFileSync(join(group, 'memory.peak'), '1048576\n');
      writeFileSync(
        join(group, 'io.stat'),
        '8:0 rbytes=10 wbytes=1 rios=1 wios=1\n8:16 rbytes=20 wbytes=2 rios=1 wios=1\n',
      );
      expect(usageOfGroup(group)).toEqual({
        cpuUserS: 1.2,
        cpuSystemS: 0.3,
        memoryPeakBytes: 1_048_576,
        readBytes: 30,
        writtenBytes: 3,
      });
    } finally {
      rmSync(group, {recursive: true});
    }
  });

  it('knows nothing without a group, and nothing of controllers that are off', () => {
    const group = mkdtempSync(join(tmpdir(), 'usage-'));
    mkdirSync(join(group, 'below'));
    expect(usageOfGroup(group)).toEqual(noUsage);
    rmSync(group, {recursive: true});
    expect(usageOfGroup(group)).toEqual(noUsage);
    expect(usageOfGroup(null)).toEqual(noUsage);
  });
});

it('memoryOf counts a process that is there, and nothing where there is none', () => {
  expect(memoryOf(process.pid, null)).toBeGreaterThan(10 * 1024 * 1024);
  expect(memoryOf(0, null)).toBeNull();
});

const one = {cpuUserS: 1.1, cpuSystemS: 0.2, memoryPeakBytes: 50, readBytes: null, writtenBytes: 3};
const other = {cpuUserS: 2.2, cpuSystemS: 0.1, memoryPeakBytes: 40, readBytes: 7, writtenBytes: null};

it('addUsage adds times and bytes, and keeps the higher peak', () => {
  expect(addUsage(one, other)).toEqual({
    cpuUserS: 3.3,
    cpuSystemS: 0.3,
    memoryPeakBytes: 50,
    readBytes: 7,
    writtenBytes: 3,
  });
  expect(addUsage(noUsage, one)).toEqual(one);
});

it('highest takes of each the one that has counted most', () => {
  expect(highest(one, noUsage, other)).toEqual({
    cpuUserS: 2.2,
    cpuSystemS: 0.2,
    memoryPeakBytes: 50,
    readBytes: 7,
    writtenBytes: 3,
  });
});

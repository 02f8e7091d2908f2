import {mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {rotateLogs} from './log-rotation.ts';

const nowMs = Date.now();
const hourMs = 3_600_000;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'megatest-logs-'));
});

afterEach(() => {
  rmSync(folder, {recursive: true});
});

function put(name: string, bytes: number, ageMs: number): void {
  writeFileSync(join(folder, name), 'x'.repeat(bytes));
  const time = (nowMs - ageMs) / 1000;
  utimesSync(join(folder, name), time, time);
}

const rotate = (more = {}) =>
  rotateLogs({folder, inUse: ['server-1-a.log', 'server.log'], expireDays: 30, nowMs, ...more});

it('large logs and old logs of daemons are packed, what is older than the limit goes, what is in use stays', async () => {
  put('server-1-a.log', 300_000, 10 * hourMs);
  put('server.log', 300_000, 0);
  put('server-2-a.log', 10, 9 * hourMs);
  put('server-3-a.log', 10, 7 * hourMs);
  put('job-1.log', 200_001, 0);
  put('job-2.log', 200_000, 0);
  put('merge-1.jsonl', 10, 31 * 24 * hourMs);
  put('audit.jsonl', 10, 29 * 24 * hourMs);
  expect([...(await rotate())].sort()).toEqual(['job-1.log', 'merge-1.jsonl', 'server-2-a.log']);
  expect(readdirSync(folder).sort()).toEqual([
    '.rotated',
    'audit.jsonl',
    'job-1.log.gz',
    'job-2.log',
    'server-1-a.log',
    'server-2-a.log.gz',
    'server-3-a.log',
    'server.log',
  ]);
  expect(gunzipSync(readFileSync(join(folder, 'server-2-a.log.gz'))).toString()).toBe('x'.repeat(10));
});

it('not more than once an hour, whichever daemon asks', async () => {
  await rotate();
  put('job-1.log', 200_001, 0);
  expect(await rotate()).toEqual([]);
  expect(await rotate({nowMs: nowMs + hourMs + 60_000})).toEqual(['job-1.log']);
});

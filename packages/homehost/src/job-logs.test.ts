import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {afterEach, beforeEach, expect, it} from 'vitest';
import {JobLogs, wholeCharacters} from './job-logs.ts';

let area: string;
let logs: JobLogs;
const warnings: string[] = [];

beforeEach(() => {
  area = mkdtempSync(join(tmpdir(), 'job-logs-'));
  mkdirSync(join(area, 'logs'));
  logs = new JobLogs(area, (text) => warnings.push(text));
});
afterEach(() => {
  rmSync(area, {recursive: true});
  expect(warnings).toEqual([]);
});

async function readAll(jobId: number): Promise<string> {
  let text = '';
  let offset = 0;
  for (;;) {
    const part = await logs.read(jobId, offset);
    if (part.next === offset) {
      return text;
    }
    text += part.text;
    offset = part.next;
  }
}

it('what is said is read in order, and a new job of the same id begins without it', async () => {
  logs.say(1, 'one');
  logs.say(2, 'other');
  logs.say(1, 'two');
  expect(await readAll(1)).toBe('one\ntwo\n');
  logs.begin(1);
  logs.say(1, 'three');
  expect(await readAll(1)).toBe('three\n');
});

it('no character is cut in two, whether the log is packed or not', async () => {
  const text = `x${'äöü€😀'.repeat(20_000)}`;
  writeFileSync(join(area, 'logs/job-1.log'), text);
  writeFileSync(join(area, 'logs/job-2.log.gz'), gzipSync(text));
  expect(await readAll(1)).toBe(text);
  expect(await readAll(2)).toBe(text);
  expect(await readAll(3)).toBe('');
});

it.each<[readonly number[], number]>([
  [[], 0],
  [[0x61, 0xc3], 1],
  [[0x61, 0xc3, 0xa4], 3],
  [[0x61, 0xe2, 0x82], 1],
  [[0x61, 0xf0, 0x9f, 0x98], 1],
  [[0xc3], 1],
  [[0x61, 0x80, 0x80, 0x80], 4],
])('of %j %i bytes are whole', (bytes, whole) => {
  expect(wholeCharacters(Uint8Array.from(bytes))).toBe(whole);
});

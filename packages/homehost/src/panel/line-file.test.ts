import {appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {open} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {BYTES_PER_READ, LineFile} from './line-file.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lines-'));
});
afterAll(() => rmSync(folder, {recursive: true}));

const everything = Number.MAX_SAFE_INTEGER;

async function fileOf(text: string | Buffer): Promise<{readonly file: LineFile; readonly path: string}> {
  const path = join(folder, 'log');
  writeFileSync(path, text);
  return {file: new LineFile(await open(path)), path};
}

function numbered(count: number): string {
  return Array.from({length: count}, (_, index) => `line ${index + 1}\n`).join('');
}

describe('lines of a file', () => {
  it.each([
    [1, 2, ['line 1', 'line 2']],
    [1000, 3, ['line 1000', 'line 1001', 'line 1002']],
    [49_999, 500, ['line 49999', 'line 50000']],
    [50_001, 10, []],
  ])('from %d on', async (from, count, lines) => {
    const {file} = await fileOf(numbered(50_000));
    expect(await file.read(from, count)).toEqual({from, lines, cut: []});
    await file.close();
  });

  it.each([
    ['', 0],
    ['\n', 1],
    ['a', 1],
    ['a\nb', 2],
    ['a\nb\n', 2],
  ])('are counted: %j has %d', async (text, lines) => {
    const {file} = await fileOf(text);
    await file.count(everything);
    expect(file.lines).toBe(lines);
    expect(await file.read(1, 10)).toMatchObject({lines: text.split('\n').slice(0, lines)});
    await file.close();
  });

  it('are known as far as the file was counted, and it may grow or begin anew', async () => {
    const {file, path} = await fileOf(numbered(50_000));
    await file.read(1, 1);
    expect(file.lines).toBeNull();
    expect(await file.tail(1)).toEqual({from: null, lines: ['line 50000'], cut: []});
    await file.count(everything);
    expect(file.lines).toBe(50_000);
    appendFileSync(path, 'open');
    expect(await file.tail(2)).toMatchObject({lines: ['line 50000', 'open']});
    await file.count(everything);
    expect(await file.tail(1)).toMatchObject({from: 50_001, lines: ['open']});
    truncateSync(path, 7);
    expect(await file.read(1, 2)).toMatchObject({lines: ['line 1']});
    await file.close();
  });

  it('that are long are cut at the end of a file, too, and told to be', async () => {
    const {file} = await fileOf(`short\n${'x'.repeat(20_000)}\nend\n`);
    const {lines, cut} = await file.tail(3);
    expect([lines.map(({length}) => length), cut]).toEqual([[5, 16_384, 3], [1]]);
    await file.close();
  });

  it('that are long are cut, and come in portions', async () => {
    const long = 'é'.repeat(1_000_000);
    const {file} = await fileOf(`${`${long}\n`.repeat(40)}end\n`);
    const first = await file.read(1, 500);
    expect(first.lines.length).toBeLessThan(40);
    expect(first.cut).toEqual(first.lines.map((_, index) => index));
    expect(first.lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0)).toBeLessThanOrEqual(
      BYTES_PER_READ,
    );
    expect(await file.read(40, 500)).toMatchObject({lines: [expect.any(String), 'end'], cut: [0]});
    await file.close();
  });

  it('that are no UTF-8 are shown all the same', async () => {
    const {file} = await fileOf(Buffer.from([0x61, 0xff, 0x0a, 0x62]));
    expect(await file.read(1, 5)).toMatchObject({lines: ['a\uFFFD', 'b']});
    await file.close();
  });
});

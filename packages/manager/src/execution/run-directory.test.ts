import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {copySource, makeRunDirectory, placementOf, removeRunDirectory} from './run-directory.ts';

const run = {linkTree: '/proj/pdkqa/links', target: 'tsmc16/ff/nightly', runName: 'ww21.3a'};

describe('26.3 directories', () => {
  it.each([
    ['lvs', '', 'tsmc16/ff/nightly/ww21.3a/lvs'],
    ['drc', 'inv/m1', 'tsmc16/ff/nightly/ww21.3a/drc/inv/m1'],
    ['drc', '', 'tsmc16/ff/nightly/ww21.3a/drc'],
  ])('of %s %s', (testName, itemPath, tail) => {
    expect(placementOf({...run, disk: '/scratch/d1', testName, itemPath})).toEqual({
      rundir: `/proj/pdkqa/links/${tail}`,
      shortdir: `/scratch/d1/${tail}`,
    });
  });
});

describe('the link tree', () => {
  let top: string;
  const request = (itemPath: string, disk = 'd1') => ({
    disk: join(top, disk),
    linkTree: join(top, 'lt'),
    target: 'x',
    runName: 'r',
    testName: 't',
    itemPath,
  });
  const isLink = (path: string) => lstatSync(join(top, path)).isSymbolicLink();

  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), 'links-'));
  });
  afterEach(() => rmSync(top, {recursive: true}));

  it('gets a copy of the source with modes, times and links, over what is there', () => {
    const [source, copy] = [join(top, 'source'), join(top, 'copy')];
    mkdirSync(join(source, 'below'), {recursive: true});
    mkdirSync(copy);
    writeFileSync(join(source, 'script.sh'), '#!/bin/sh\n', {mode: 0o755});
    writeFileSync(join(source, 'below/input'), 'one');
    writeFileSync(join(source, 'changed'), 'new');
    symlinkSync('below/input', join(source, 'link'));
    utimesSync(join(source, 'script.sh'), 1000.5, 2000.25);
    writeFileSync(join(copy, 'changed'), 'older and longer', {mode: 0o400});
    writeFileSync(join(copy, 'result'), 'stays');
    copySource(source, copy);
    const {mode, mtimeMs} = statSync(join(copy, 'script.sh'));
    expect([mode & 0o777, mtimeMs]).toEqual([0o755, 2_000_250]);
    expect(
      ['below/input', 'changed', 'link', 'result'].map((name) => readFileSync(join(copy, name), 'utf8')),
    ).toEqual(['one', 'new', 'one', 'stays']);
    expect(readlinkSync(join(copy, 'link'))).toBe('below/input');
  });

  it('holds a link for a plain test, remade when the disk is another', () => {
    makeRunDirectory(request(''));
    expect(readlinkSync(join(top, 'lt/x/r/t'))).toBe(join(top, 'd1/x/r/t'));
    makeRunDirectory(request('', 'd2'));
    expect(readlinkSync(join(top, 'lt/x/r/t'))).toBe(join(top, 'd2/x/r/t'));
  });

  it('holds real directories above the links of items', () => {
    makeRunDirectory(request('a/b'));
    makeRunDirectory(request('a/c', 'd2'));
    expect([isLink('lt/x/r/t'), isLink('lt/x/r/t/a'), isLink('lt/x/r/t/a/b')]).toEqual([false, false, true]);
    expect(readlinkSync(join(top, 'lt/x/r/t/a/c'))).toBe(join(top, 'd2/x/r/t/a/c'));
  });

  it('keeps the link of a test that was plain before, led to the disk of the item', () => {
    makeRunDirectory(request(''));
    const {rundir, shortdir} = makeRunDirectory(request('a', 'd2'));
    expect(readlinkSync(join(top, 'lt/x/r/t'))).toBe(join(top, 'd2/x/r/t'));
    expect(realpathSync(rundir)).toBe(realpathSync(shortdir));
  });

  it('may be the disk itself', () => {
    const same = {...request('a'), linkTree: join(top, 'd1')};
    expect(makeRunDirectory(same)).toEqual({
      rundir: join(top, 'd1/x/r/t/a'),
      shortdir: join(top, 'd1/x/r/t/a'),
    });
    expect(isLink('d1/x/r/t/a')).toBe(false);
  });

  it('loses a removed test with what became empty, and nothing else', () => {
    const first = makeRunDirectory(request('a'));
    const second = makeRunDirectory(request('b'));
    writeFileSync(join(top, 'lt/x/r/t/megatest-rollup-t.html'), '');
    removeRunDirectory(first, 'run');
    expect(isLink('lt/x/r/t/b')).toBe(true);
    removeRunDirectory(second, 'run');
    removeRunDirectory({rundir: join(top, 'lt/x/r/t'), shortdir: join(top, 'lt/x/r/t')}, 'run');
    expect(lstatSync(join(top, 'lt/x/r/t'), {throwIfNoEntry: false})).toBeUndefined();
    expect(lstatSync(join(top, 'd1/x'), {throwIfNoEntry: false})).toBeUndefined();
  });

  it('loses the config caches of a run with its last test, unless that test is to run again', () => {
    const cache = join(top, 'lt/x/r/.megatest.cfg-2.0-0123456789ab');
    const [first, second] = [
      makeRunDirectory(request('')),
      makeRunDirectory({...request(''), testName: 'u'}),
    ];
    writeFileSync(cache, '');
    const isCached = () => lstatSync(cache, {throwIfNoEntry: false}) !== undefined;
    removeRunDirectory(first, 'run');
    expect(isCached()).toBe(true);
    removeRunDirectory(second, 'test');
    expect(isCached()).toBe(true);
    makeRunDirectory(request(''));
    removeRunDirectory(first, 'run');
    expect(isCached()).toBe(false);
  });

  it('keeps a directory in which somebody has put something', () => {
    mkdirSync(join(top, 'lt/x/r/t'), {recursive: true});
    writeFileSync(join(top, 'lt/x/r/t/mine'), '');
    const parent = {rundir: join(top, 'lt/x/r/t'), shortdir: join(top, 'lt/x/r/t')};
    expect(() => removeRunDirectory(parent, 'run')).toThrow('left alone');
  });
});

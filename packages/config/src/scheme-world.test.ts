/** The worked examples of scheme.md 4.3, and the names that only config files know. */
import {availableParallelism} from 'node:os';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {loadArea} from './area.ts';
import {Config} from './config.ts';
import type {ReadOptions} from './read-config.ts';
import {TemporaryArea} from './reading-rig.ts';
import {readTestDefinition} from './testconfig.ts';

let area: TemporaryArea;
beforeEach(() => {
  area = new TemporaryArea();
});
afterEach(() => area[Symbol.dispose]());

function value(line: string, options: Partial<ReadOptions> = {}): string | undefined {
  return area.read(`${line}\n`, options).config.entries('default').at(-1)?.value;
}

describe('scheme 4.3 config expressions', () => {
  const launcher =
    'l #{scheme (case (string->symbol (conc (getenv "datapath"))) ((none) "nbfake") (else "sleeprunner"))}';
  const items =
    'i #{scheme (string-intersperse (map (lambda (n) (conc "w/" n)) (sort (let loop ((i 0)(r \'())) ' +
    '(if (<= i (any->number (or (getenv "NUMTESTS") "2500"))) (loop (+ i 1) (cons i r)) r)) <)) " ")}';
  const cases: readonly (readonly [string, Record<string, string>, string])[] = [
    ['N #{scheme (+ 5 6 7)}', {}, '18'],
    ['transport #{scheme (if (getenv "USEHTTP") "http" "fs")}', {}, 'fs'],
    ['p #{scheme (or (getenv "BASE") "/tmp/#{getenv USER}")}', {USER: 'ann'}, '/tmp/ann'],
    [launcher, {datapath: 'none'}, 'nbfake'],
    [launcher, {}, 'sleeprunner'],
    [
      'j #{scheme (max (- (common:get-num-cpus #f) 2) 1)}',
      {},
      String(Math.max(availableParallelism() - 2, 1)),
    ],
    [items, {NUMTESTS: '2'}, 'w/0 w/1 w/2'],
    [
      'PATH #{scheme (env:min-path "/opt/x:/bin" "#{getenv P}")}',
      {P: '/bin:/usr/bin'},
      '/opt/x:/bin:/usr/bin',
    ],
  ];
  it.each(cases)('scheme 4.3 %s', (line, env, wanted) => {
    expect(value(line, {env})).toBe(wanted);
  });

  it('scheme 4.3 (create-directory ... #t) makes the directory and gives its path', () => {
    expect(value(`d #{scheme (create-directory "${area.path}/q/runs" #t)}`)).toBe(`${area.path}/q/runs`);
  });

  it('scheme 4.3 (args:get-arg "-target")', () => {
    const line = 't #{scheme (args:get-arg "-target")}';
    expect(value(line, {commandLine: new Map([['-target', 'a/b']])})).toBe('a/b');
    expect(value(line)).toBe('#f');
    expect(value('v #{scm (args:get-arg "-v")}', {commandLine: new Map([['-v', true]])})).toBe('#t');
  });

  it('scheme 4.3 (unsetenv "FOO") makes the line a comment', () => {
    const reading = area.read('#{scheme (unsetenv "FOO")}\n', {env: {FOO: '1'}});
    expect(reading.values).toEqual({});
    expect(reading.env.FOO).toBeUndefined();
    expect(reading.messages).toEqual([]);
  });

  it('scheme 4.3 (car 5) fails with two messages', () => {
    const reading = area.read('x #{scheme (car 5)}\n');
    expect(reading.values.default).toEqual([['x', '#{( scheme ) (car 5)}']]);
    expect(reading.messages).toEqual([
      `WARNING: failed to process config input "x #{scheme (car 5)}" (${area.path}/megatest.config:1)`,
      ' message: car: expected a list, got 5',
    ]);
  });
});

describe('scheme 4.2 traps', () => {
  it('what a helper puts into a string of an expression cannot end it', () => {
    expect(value('x #{scheme (conc "<#{getenv Q}>")}', {env: {Q: 'a "b" \\ c'}})).toBe('<a "b" \\ c>');
    expect(value('x #{scheme (+ 1 #{getenv N})}', {env: {N: '2'}})).toBe('3');
  });

  it('text after a surplus ) is left out, with a warning', () => {
    const reading = area.read('x #{scheme (+ 1 2)) 5}\n');
    expect(reading.values.default).toEqual([['x', '3']]);
    expect(reading.messages).toEqual([
      `WARNING: ${area.path}/megatest.config:1: ") 5" after the last ) is left out`,
    ]);
  });

  it('definitions are local to an expression, *user-hash-data* is not', () => {
    const {values} = area.read(
      [
        'a #{scheme (define x 1) (hash-table-set! *user-hash-data* "k" 7) x}',
        'b #{scheme x}',
        'c #{scheme (hash-table-ref/default *user-hash-data* "k" 0)}',
        '',
      ].join('\n'),
    );
    expect(values.default).toEqual([
      ['a', '1'],
      ['b', '#{( scheme ) x}'],
      ['c', '7'],
    ]);
  });

  it('a loop without end is given up', () => {
    expect(value('x #{scheme (define (f) (+ 1 (f))) (f)}')).toBe('#{( scheme ) (define (f) (+ 1 (f))) (f)}');
  });
});

describe("Megatest's own names", () => {
  it('look values up in the config being read, in megatest.config and in runconfigs', () => {
    const areaConfig = new Config();
    const origin = {file: '', line: 1, column: 1, includedFrom: []};
    areaConfig.open('s', origin).set({key: 'k', value: 'area', origin, isDeferred: false});
    const runconfigs = new Config();
    runconfigs.open('default', origin).set({key: 'k', value: 'run', origin, isDeferred: false});
    const {values} = area.read(
      [
        '[s]',
        'k own',
        'a #{scheme (config-lookup ht "s" "k")}',
        'b #{scheme (configf:lookup *configdat* "s" "k")}',
        'c #{scheme (runconfigs-get *runconfigdat* "k")}',
        'd #{scheme (config-lookup ht "s" "none")}',
        '',
      ].join('\n'),
      {areaConfig, runconfigs},
    );
    expect(Object.fromEntries(values.s ?? [])).toEqual({k: 'own', a: 'own', b: 'area', c: 'run', d: '#f'});
  });

  it('name the area, its suite, its link tree and its database', () => {
    const {values} = area.read(
      [
        'a #{scheme *toppath*}',
        'b #{scheme (common:get-testsuite-name)}',
        'c #{scheme (common:get-linktree)}',
        'd #{scheme (db:dbfile-path #f)}',
        'e #{scheme (shell "echo one; echo two")}',
        'f #{scheme (system "exit 3")}',
        '',
      ].join('\n'),
      {env: {MT_TESTSUITENAME: 'suite', MT_LINKTREE: '/links'}, databaseDirectory: '/tmp/db'},
    );
    expect(values.default?.map(([, text]) => text)).toEqual([
      area.path,
      'suite',
      '/links',
      '/tmp/db',
      'one two',
      '3',
    ]);
  });

  it('give a waiton list from the names of all tests', () => {
    area.write('megatest.config', '[fields]\nA TEXT\n[setup]\nlinktree lt\n');
    for (const name of ['b2', 'b1', 'other']) {
      area.write(`tests/${name}/testconfig`, '[ezsteps]\nrun true\n');
    }
    const dir = area.write(
      'tests/last/testconfig',
      '[requirements]\nwaiton #{scheme (string-intersperse (tests:filter-test-names (hash-table-keys (tests:get-all)) "b%/x,none"))}\n',
    );
    const loaded = loadArea(area.path, {env: {PATH: process.env.PATH ?? ''}, cwd: area.path, target: 'x'});
    const definition = readTestDefinition(loaded, 'last', dir.replace(/\/testconfig$/, ''), loaded.env);
    expect(definition.waitons).toEqual(['b1', 'b2']);
  });
});

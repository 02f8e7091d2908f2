/**
 * Reading an area for a plan, beside a bare loop that reads the same files and splits them: 2,000 testconfigs, and one test whose
 * `[itemstable]` has 100,000 columns. Also the memory that an item takes.
 *
 * Options: `--tests 2000`, `--items 100000`, `--rounds 9`. Both sides run in this process, in turns.
 */
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import {
  type Area,
  exportKeys,
  exportRunconfig,
  findTests,
  loadArea,
  loadRunconfig,
  readTestDefinition,
} from '@megatest/config';
import {type BuiltPlan, buildPlan} from '@megatest/model';
import {median, type Row} from './report.ts';

const target = 'linux/v1';

export async function config(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {
      tests: {type: 'string', default: '2000'},
      items: {type: 'string', default: '100000'},
      rounds: {type: 'string', default: '9'},
    },
  });
  const directory = mkdtempSync(join(tmpdir(), 'megatest-bench-config-'));
  try {
    const rounds = Number(values.rounds);
    const many = makeArea(join(directory, 'many'), Number(values.tests), manyTestsConfig);
    const items = makeArea(join(directory, 'items'), 1, () => tableConfig(Number(values.items)));
    return [
      compare(
        `plan of ${values.tests} testconfigs`,
        rounds,
        () => plan(many),
        () => splitLines(many),
      ),
      compare(
        `plan of ${values.items} items`,
        rounds,
        () => plan(items),
        () => splitWords(items),
      ),
      memoryRow(items, Number(values.items)),
    ];
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}

function compare(what: string, rounds: number, ours: () => unknown, reference: () => unknown): Row {
  const times = {ours: [] as number[], reference: [] as number[]};
  for (let round = 0; round < rounds; round += 1) {
    times.reference.push(timeOf(reference));
    times.ours.push(timeOf(ours));
  }
  console.error(`  ${what}: ${times.ours.map((ms) => ms.toFixed(1)).join(' ')} ms`);
  return {
    what,
    ours: median(times.ours),
    reference: 'bare loop: read, split',
    referenceValue: median(times.reference),
    unit: 'ms',
    target: '<= 5',
  };
}

function timeOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** What the planning child does, without its process. */
function plan(path: string): BuiltPlan {
  const area = loadArea(path, {env: process.env as Record<string, string>, cwd: path, target, runName: 'r'});
  const {config: runconfigs, variables} = loadRunconfig(area);
  const env = {...area.env, MT_LINKTREE: area.linkTree};
  exportKeys(area.keys, target, env);
  exportRunconfig({config: runconfigs, variables}, env);
  return planWith(area, env, runconfigs);
}

function planWith(
  area: Area,
  env: Record<string, string>,
  runconfigs: ReturnType<typeof loadRunconfig>['config'],
): BuiltPlan {
  const tests = findTests(area);
  return buildPlan({
    testPatt: '%',
    testNames: [...tests.keys()],
    define: (name) => readTestDefinition(area, name, tests.get(name) ?? '', env, runconfigs),
  });
}

/** The least that anybody could do: find the files, read them, split them into lines. */
function splitLines(path: string): number {
  return filesOf(path).reduce((count, file) => count + readFileSync(file, 'utf8').split('\n').length, 0);
}

/** The same, and the lines into words: all items stand in a few lines. */
function splitWords(path: string): number {
  return filesOf(path).reduce(
    (count, file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .reduce((sum, line) => sum + line.split(' ').length, count),
    0,
  );
}

function filesOf(path: string): readonly string[] {
  const tests = join(path, 'tests');
  return [
    join(path, 'megatest.config'),
    join(path, 'runconfigs.config'),
    ...readdirSync(tests)
      .map((name) => join(tests, name, 'testconfig'))
      .filter((file) => statSync(file).isFile()),
  ];
}

function memoryRow(path: string, items: number): Row {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const built = plan(path);
  collect();
  const after = process.memoryUsage().heapUsed;
  const count = built.tests.reduce((sum, test) => sum + test.items.length, 0);
  if (count !== items) {
    throw new Error(`the plan has ${count} items instead of ${items}`);
  }
  return {
    what: 'memory of an item',
    ours: (after - before) / items,
    reference: 'target',
    referenceValue: 500,
    unit: 'bytes',
    target: '<= 1',
  };
}

function makeArea(path: string, tests: number, testconfig: (index: number) => string): string {
  mkdirSync(join(path, 'tests'), {recursive: true});
  writeFileSync(
    join(path, 'megatest.config'),
    '[fields]\nPLATFORM TEXT\nRELEASE TEXT\n\n[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nmax_concurrent_jobs 8\n',
  );
  writeFileSync(
    join(path, 'runconfigs.config'),
    '[default]\nLEVEL 1\n[linux/%]\nCC gcc\n[linux/v1]\nLEVEL 2\n',
  );
  for (let index = 0; index < tests; index += 1) {
    const directory = join(path, 'tests', nameOf(index));
    mkdirSync(directory);
    writeFileSync(join(directory, 'testconfig'), testconfig(index));
  }
  return path;
}

function nameOf(index: number): string {
  return `test${String(index).padStart(5, '0')}`;
}

/** A testconfig as people write them: two steps with rules, items, a waiton, a word about itself. */
function manyTestsConfig(index: number): string {
  return `# Checks module ${index}
[requirements]
${index % 10 === 0 ? '' : `waiton ${nameOf(index - 1)}\n`}mode ${index % 3 === 0 ? 'normal' : 'itemwait'}
priority ${index % 7}

[items]
LEVEL O0 O1 O2
VARIANT a b

[ezsteps]
build make -C #{getenv MT_RUN_AREA_HOME}/src module${index}
run ./module${index} --level $LEVEL --cc #{rget CC}

[logpro]
build ;; rules of the build
  (expect:error in "LogFileBody" = 0 "errors" #/error/i)
  (expect:required in "LogFileBody" > 0 "linked" #/linked/)

[test_meta]
author ann
owner bob
description Builds module ${index} and runs it
  with all levels of optimisation.
tags nightly,module
jobgroup build
`;
}

function tableConfig(items: number): string {
  const row = (name: string, value: (index: number) => string) =>
    `${name} ${Array.from({length: items}, (_, index) => value(index)).join(' ')}\n`;
  return `[itemstable]\n${row('CASE', (index) => `case${index}`)}${row('SEED', (index) => String(index * 7))}[ezsteps]\nrun true\n`;
}

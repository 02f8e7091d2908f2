/** `-list-runs`: the listing that scripts parse, as text, JSON or s-expressions (spec cli.md 9). */
import {UserError} from '@megatest/model';
import type {AreaResults, RunSummary} from '@megatest/rpc';
import {propertyOf, type StepRow, type TestColumn, type TestRow, type TestText} from '@megatest/store';
import {enclosed} from '../view/blocks.ts';

export type ListRequest = {
  readonly runPatt: string;
  readonly target: string | undefined;
  readonly testPatt: string | undefined;
  readonly states: readonly string[] | undefined;
  readonly statuses: readonly string[] | undefined;
  readonly sinceS: number | undefined;
  readonly fields: string | undefined;
  readonly sort: string | undefined;
  readonly format: string | undefined;
};

const runFields = 'id runname state status owner event_time comment fail_count pass_count'.split(' ');
const testFields =
  'id run_id testname state status event_time host cpuload diskfree uname rundir item_path run_duration final_logf comment shortdir attemptnum archived'.split(
    ' ',
  );

export type Fields = {
  readonly runs: readonly string[];
  /** `undefined`: no tests are wanted. */
  readonly tests: readonly string[] | undefined;
  readonly hasSteps: boolean;
};

/** Reads `-fields`; without it everything is shown. */
export function parseFields(spec: string | undefined, keys: readonly string[]): Fields {
  if (spec === undefined) {
    return {runs: [...keys, ...runFields], tests: testFields, hasSteps: false};
  }
  const tables = new Map(
    spec.split('+').map((table) => {
      const [name = '', fields = ''] = table.split(':');
      return [name, fields.split(',').filter((field) => field !== '')] as const;
    }),
  );
  const runs = tables.get('runs') ?? [];
  const known = new Set([...keys, ...runFields, 'target']);
  const unknown = runs.filter((field) => !known.has(field));
  if (unknown.length > 0) {
    throw new UserError(`Invalid run fields specified: ${unknown.join(', ')}`, {
      hint: `use some of ${[...known].join(' ')}`,
      exitCode: 2,
    });
  }
  const tests = tables.get('tests');
  const invalid = (tests ?? []).filter((field) => !testFields.includes(field));
  if (invalid.length > 0) {
    throw new UserError(`ERROR: Invalid test fields specified: ${invalid.join(', ')}`, {exitCode: 1});
  }
  return {
    runs: runs.length > 0 ? runs : ['id'],
    tests: tests === undefined ? undefined : tests.length > 0 ? tests : testFields,
    hasSteps: tables.has('steps'),
  };
}

export async function listRuns(
  results: AreaResults,
  request: ListRequest,
  print: (text: string) => void,
): Promise<void> {
  const fields = parseFields(request.fields, results.keys);
  if (request.sort !== undefined && !(fields.tests ?? []).includes(request.sort)) {
    throw new UserError(`-sort ${request.sort}: not one of the test fields that are listed`, {exitCode: 2});
  }
  const runs = await results.runs({
    runPatt: request.runPatt,
    target: request.target,
    sinceS: request.sinceS,
  });
  if (isDocument(request)) {
    const notation = request.format === 'json' ? json : lisp;
    await printDocument({results, request, fields, print}, runs, notation);
    return;
  }
  for (const run of runs) {
    const tests = fields.tests === undefined ? [] : await testsOf(results, run, request);
    print(runLine(run, run.target.join('/'), fields, results.keys));
    const steps = await stepsOf(results, tests.filter(needsDetails(fields)));
    for (const test of tests) {
      print(testLines(test, fields.tests ?? [], steps.get(test.id) ?? []));
    }
  }
}

type Listing = {
  readonly results: AreaResults;
  readonly request: ListRequest;
  readonly fields: Fields;
  readonly print: (text: string) => void;
};

/** How targets with their runs, and runs with their tests, are written: one object in another. */
type Notation = {
  readonly open: string;
  readonly close: string;
  readonly separator: string;
  /** What stands before the things of a target or run. */
  openNamed(name: string): string;
  readonly closeNamed: string;
  /** One thing with its name, in full. */
  named(name: string, node: Readonly<Record<string, unknown>>): string;
};

const json: Notation = {
  open: '{',
  close: '}',
  separator: ',',
  openNamed: (name) => `${JSON.stringify(name)}:{`,
  closeNamed: '}',
  named: (name, node) => `${JSON.stringify(name)}:${JSON.stringify(node)}`,
};

const lisp: Notation = {
  open: '(',
  close: ')',
  separator: '\n ',
  openNamed: (name) => `(${sexpr(name)} `,
  closeNamed: ')',
  named: (name, node) => `(${sexpr(name)} ${sexpr(node).slice(1, -1)})`,
};

/** Run by run, so that a listing of a million tests begins at once and is never in memory as a whole. */
async function printDocument(
  listing: Listing,
  runs: readonly RunSummary[],
  notation: Notation,
): Promise<void> {
  const {results, fields, print} = listing;
  const {open, close, separator, openNamed, closeNamed, named} = notation;
  const byTarget = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const target = run.target.join('/');
    const others = byTarget.get(target);
    if (others === undefined) {
      byTarget.set(target, [run]);
    } else {
      others.push(run);
    }
  }
  let before = open;
  for (const [target, runsOfTarget] of byTarget) {
    before += openNamed(target);
    for (const run of runsOfTarget) {
      const meta = Object.fromEntries(
        fields.runs.map((field) => [field, runValue(run, target, field, results.keys)]),
      );
      const head = `${openNamed(run.runName)}${named('meta', meta)}${separator}${openNamed('data')}`;
      const blocks = enclosed(await testsIn(listing, run, notation), {
        open: before + head,
        separator,
        close: closeNamed + closeNamed,
        empty: before + named(run.runName, {meta}),
      });
      for (const block of blocks) {
        print(block);
      }
      before = separator;
    }
    before = closeNamed + separator;
  }
  print(byTarget.size === 0 ? `${open}${close}\n` : `${closeNamed}${close}\n`);
}

/** The tests of a run, each in full with its name. */
async function testsIn(
  {results, request, fields}: Listing,
  run: RunSummary,
  {named}: Notation,
): Promise<Iterable<string>> {
  if (fields.tests === undefined) {
    return [];
  }
  if (request.format === 'json' && request.sort === undefined && !fields.hasSteps) {
    const {testPatt, states, statuses} = request;
    const text: TestText = {
      fields: [...new Set(fields.tests)].map((field) => [field, field as TestColumn]),
      isUnderId: true,
      shown: (stored) => (typeof stored === 'number' ? stored : String(stored ?? '')),
    };
    return withoutBraces(await results.testTexts({runIds: [run.id], testPatt, states, statuses}, text));
  }
  const tests = await testsOf(results, run, request);
  const steps = fields.hasSteps ? await stepsOf(results, tests) : new Map<number, StepRow[]>();
  return tests.map((test) => named(String(test.id), testObject(test, fields, steps.get(test.id) ?? [])));
}

function* withoutBraces(objects: Iterable<string>): Generator<string> {
  for (const object of objects) {
    yield object.slice(1, -1);
  }
}

function isDocument({format}: ListRequest): boolean {
  return format === 'json' || format === 'sexpr';
}

async function testsOf(
  results: AreaResults,
  run: RunSummary,
  request: ListRequest,
): Promise<readonly TestRow[]> {
  const {testPatt, states, statuses, sort} = request;
  const rows = [...(await results.tests({runIds: [run.id], testPatt, states, statuses}))];
  if (sort === undefined) {
    // The tests of a document are found by their ids.
    return isDocument(request)
      ? rows
      : rows.sort((a, b) => compare(b.testName, a.testName) || compare(b.itemPath, a.itemPath));
  }
  const key = propertyOf(sort as TestColumn);
  return rows.sort((a, b) => {
    const [x, y] = [a[key], b[key]];
    return typeof x === 'number' && typeof y === 'number' ? x - y : compare(String(x), String(y));
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function stepsOf(
  results: AreaResults,
  tests: readonly TestRow[],
): Promise<ReadonlyMap<number, readonly StepRow[]>> {
  const steps = tests.length === 0 ? [] : await results.steps(tests.map((test) => test.id));
  const byTest = new Map<number, StepRow[]>();
  for (const step of steps) {
    byTest.set(step.testId, [...(byTest.get(step.testId) ?? []), step]);
  }
  return byTest;
}

function runValue(run: RunSummary, target: string, field: string, keys: readonly string[]): string {
  const at = keys.indexOf(field);
  if (at >= 0) {
    return run.target[at] ?? '';
  }
  switch (field) {
    case 'id':
      return String(run.id);
    case 'runname':
      return run.runName;
    case 'event_time':
      return String(run.eventTime);
    case 'fail_count':
      return String(run.failCount);
    case 'pass_count':
      return String(run.passCount);
    case 'target':
      return target;
    default:
      return String(run[field as 'state' | 'status' | 'owner' | 'comment'] ?? '');
  }
}

function runLine(run: RunSummary, target: string, fields: Fields, keys: readonly string[]): string {
  const head = fields.runs.includes('target') ? '' : `Run: ${target}/${run.runName} `;
  const values = fields.runs.map((field) => `${field}: ${runValue(run, target, field, keys)} `);
  return `${head}${values.join('')}\n`;
}

function value(test: TestRow, field: string): string | number {
  const found = test[propertyOf(field as TestColumn)];
  return typeof found === 'number' ? found : String(found ?? '');
}

/** A field that is not listed does not match, so the block is printed then. */
function needsDetails(fields: Fields) {
  const names = fields.tests ?? [];
  return (test: TestRow) => {
    const isQuiet =
      (names.includes('status') && (test.status === 'PASS' || test.status === 'WARN')) ||
      (names.includes('state') && test.state === 'NOT_STARTED');
    return !isQuiet;
  };
}

function testLines(test: TestRow, fields: readonly string[], steps: readonly StepRow[]): string {
  const hasItem = fields.includes('item_path') && test.itemPath !== '';
  const name = hasItem ? `${test.testName}(${test.itemPath})` : test.testName;
  const isFull = ['state', 'status', 'event_time'].every((field) => fields.includes(field));
  const line = isFull
    ? `  Test: ${name.padEnd(25)} State: ${test.state.padEnd(15)} Status: ${test.status.padEnd(15)} Runtime: ${String(test.runDuration).padStart(5)}s Time: ${String(test.eventTime).padEnd(22)} Host: ${test.host.padEnd(10)}\n`
    : `  Test: ${name}${freeParts(test, fields)}\n`;
  if (!needsDetails({runs: [], tests: fields, hasSteps: false})(test)) {
    return line;
  }
  return line + details(test, fields) + steps.map(stepLine).join('');
}

function freeParts(test: TestRow, fields: readonly string[]): string {
  const parts = [
    ['state', 'State'],
    ['status', 'Status'],
    ['run_duration', 'Runtime'],
    ['event_time', 'Time'],
    ['host', 'Host'],
  ] as const;
  return parts
    .filter(([field]) => fields.includes(field))
    .map(([field, label]) => ` ${label}: ${value(test, field)}`)
    .join('');
}

function details(test: TestRow, fields: readonly string[]): string {
  // The empty line in the place of a missing cpuload is what scripts have always seen.
  const load = fields.includes('cpuload') ? `         cpuload:  ${test.cpuload}\n` : '\n';
  const rest = (['diskfree', 'uname', 'rundir'] as const)
    .filter((field) => fields.includes(field))
    .map((field) => `         ${`${field}:`.padEnd(10)}${test[field]}\n`);
  return load + rest.join('');
}

function stepLine(step: StepRow): string {
  return `    Step: ${step.stepName.padEnd(20)} State: ${step.state.padEnd(10)} Status: ${step.status.padEnd(10)} Time ${String(step.eventTime).padEnd(22)}\n`;
}

function testObject(test: TestRow, fields: Fields, steps: readonly StepRow[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const field of fields.tests ?? []) {
    values[field] = value(test, field);
  }
  if (fields.hasSteps) {
    values.steps = steps.map(({testId: _, ...step}) => step);
  }
  return values;
}

/** Nested lists with dotted pairs for leaves, as a Lisp reader takes them. */
function sexpr(node: unknown): string {
  if (typeof node === 'number') {
    return String(node);
  }
  if (typeof node !== 'object' || node === null) {
    return `"${String(node ?? '').replace(/[\\"]/g, '\\$&')}"`;
  }
  if (Array.isArray(node)) {
    return `(${node.map(sexpr).join(' ')})`;
  }
  const entries = Object.entries(node).map(([key, child]) =>
    typeof child === 'object' && child !== null
      ? `(${sexpr(key)} ${sexpr(child).slice(1, -1)})`
      : `(${sexpr(key)} . ${sexpr(child)})`,
  );
  return `(${entries.join('\n ')})`;
}

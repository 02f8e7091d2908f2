import {describe, expect, it} from 'vitest';
import {buildPlan, type PlanInput, type TestDefinition} from './plan.ts';
import {UserError} from './user-error.ts';

const plain: Omit<TestDefinition, 'testName' | 'testDir'> = {
  waitons: [],
  waitors: [],
  modes: ['normal'],
  itemMaps: [],
  priority: 0,
  jobgroup: '',
  iterated: 'no',
  items: [],
  skip: null,
  hasTriggers: false,
};

type Area = Readonly<Record<string, Partial<TestDefinition>>>;

function build(area: Area, testPatt: string, rest: Partial<PlanInput> = {}) {
  return buildPlan({
    testPatt,
    testNames: Object.keys(area),
    define: (testName) => ({testName, testDir: `/tests/${testName}`, ...plain, ...area[testName]}),
    ...rest,
  });
}

function items(...paths: readonly string[]): Pick<TestDefinition, 'iterated' | 'items'> {
  return {iterated: 'now', items: paths.map((itemPath) => ({itemPath, vars: []}))};
}

function errors(area: Area, testPatt = '%'): readonly string[] {
  return build(area, testPatt)
    .messages.map(({text}) => text)
    .filter((text) => text.startsWith('ERROR: '));
}

describe('a plan', () => {
  it('says what was searched, what there is and what is selected', () => {
    const {messages} = build({a: {}, b: {}}, 'b', {searchPath: ['/x', '/area/tests']});
    expect(messages.map(({text}) => text)).toEqual([
      'INFO: (0) tests are searched in: /x /area/tests',
      'INFO: (0) tests of the area: a b',
      'INFO: (0) tests selected by "b": b',
    ]);
  });

  it('names a waiton or waitor that is no test, and drops it', () => {
    const area = {add: {}, t: {waitons: ['ad', '#f', 'add'], waitors: ['nobody']}};
    expect(errors(area)).toEqual([
      'ERROR: test t has unrecognised waiton testname ad (did you mean add?)',
      'ERROR: test t has unrecognised waiton testname #f',
      'ERROR: test t has unrecognised waiton testname nobody',
    ]);
    expect(build(area, 't').tests.find(({testName}) => testName === 't')?.waitons).toEqual([
      {testName: 'add', itemMap: ''},
    ]);
  });

  it('names a test that waits for itself, and drops that', () => {
    expect(errors({t: {waitons: ['t']}})).toEqual([
      'ERROR: test t has listed itself as a waiton or waitor, please correct this!',
    ]);
  });

  it('names a pattern member that does not compile', () => {
    expect(errors({t: {}}, '(,t')).toEqual(['ERROR: "(" is not a valid pattern, it matches nothing']);
  });

  it('names the tests of a cycle, before anything runs', () => {
    const area = {a: {waitons: ['b']}, b: {waitons: ['c']}, c: {waitons: ['a']}, d: {waitons: ['a']}, e: {}};
    expect(errors(area)).toEqual([
      'ERROR: tests wait for each other in a cycle: a -> b -> c -> a; none of them can run, remove one of these waitons',
    ]);
    const inCycle = build(area, '%').tests.filter(({isInCycle}) => isInCycle);
    expect(inCycle.map(({testName}) => testName)).toEqual(['a', 'b', 'c']);
  });

  it('says why each test takes part', () => {
    const area = {a: {}, b: {waitons: ['a']}, c: {waitors: ['b']}, d: {}};
    const {tests} = build(area, 'c,d%');
    expect(tests.map(({testName, reason}) => [testName, reason])).toEqual([
      ['c', 'matches c'],
      ['d', 'matches d%'],
      ['b', 'waitor of c'],
      ['a', 'waiton of b'],
    ]);
  });

  it('asks for tags of what the pattern selects, not of waitons', () => {
    const {tests} = build({a: {}, b: {waitons: ['a']}, c: {}}, '%', {hasWantedTag: (name) => name === 'b'});
    expect(tests.map(({testName}) => testName)).toEqual(['b', 'a']);
  });

  it('defines each test once, and none that does not take part', () => {
    const defined: string[] = [];
    const area: Area = {a: {}, b: {waitons: ['a']}, c: {waitons: ['a', 'a', 'b']}, d: {}};
    build(area, 'b,c', {
      define: (testName) => {
        defined.push(testName);
        return {testName, testDir: '', ...plain, ...area[testName]};
      },
    });
    expect(defined).toEqual(['b', 'c', 'a']);
  });

  it('holds the items that the pattern wants, and says which it leaves out', () => {
    const {tests, messages} = build({t: items('a/1', 'a/2', 'b/1')}, 't/a/%');
    expect(tests[0]?.items.map(({itemPath}) => itemPath)).toEqual(['a/1', 'a/2']);
    expect(tests[0]?.itemCount).toBe(3);
    expect(messages.at(-1)).toEqual({
      stream: 'log',
      level: 1,
      text: "INFO: (1) Skipping t b/1 as it doesn't match t/a/%",
    });
  });

  it('counts many items that are left out instead of naming them', () => {
    const many = items(...Array.from({length: 1000}, (_, index) => `i${index}`));
    const {messages} = build({t: many}, 't/i7');
    expect(messages.at(-1)?.text).toBe("INFO: (1) Skipping 999 items of t as they don't match t/i7");
  });

  it('leaves out a test without items that is named with an item, unless it was pulled in', () => {
    const area = {a: {}, t: {...items('x'), waitons: ['a']}};
    const sizes = (testPatt: string) =>
      Object.fromEntries(build(area, testPatt).tests.map((test) => [test.testName, test.items.length]));
    expect(sizes('%/x')).toEqual({a: 0, t: 1});
    expect(sizes('t/x')).toEqual({a: 1, t: 1});
  });

  it('ends with a map that does not compile, before a test runs too early', () => {
    const area = {a: {}, t: {waitons: ['a'], itemMaps: [{testPattern: 'a', map: '( x'}]}};
    expect(() => build(area, 't')).toThrow(UserError);
    expect(() => build(area, 't')).toThrow('the item map of test t for "a" does not compile');
  });

  it('of a chain of 20,000 tests is made without a deep stack', () => {
    const names = Array.from({length: 20_000}, (_, index) => `t${index}`);
    const area = Object.fromEntries(
      names.map((name, index) => [name, {waitons: index === 0 ? [] : [`t${index - 1}`]}]),
    );
    expect(build(area, 't19999').tests).toHaveLength(20_000);
  });
});

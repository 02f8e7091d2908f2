import {describe, expect, it} from 'vitest';
import type {PlannedTest} from './plan.ts';
import {printPlan} from './plan-print.ts';

const plain: PlannedTest = {
  testName: '',
  testDir: '/tests',
  waitons: [],
  modes: ['normal'],
  priority: 0,
  jobgroup: '',
  hasTriggers: false,
  iterated: 'no',
  items: [{itemPath: '', vars: []}],
  skip: null,
  reason: 'matches %',
  isInCycle: false,
};

const items = (...paths: readonly string[]) => paths.map((itemPath) => ({itemPath, vars: []}));

const plan = {
  testPatt: 'chip,"odd"',
  tests: [
    {
      ...plain,
      testName: 'chip',
      modes: ['itemwait', 'exclusive'],
      waitons: [{testName: 'lib', itemMap: '/.*\n a b'}],
      iterated: 'now',
      items: items('lay/inv', 'sch/inv'),
      itemCount: 4,
      reason: 'matches chip',
    },
    {...plain, testName: '"odd"', waitons: [{testName: 'chip', itemMap: ''}], isInCycle: true},
    {...plain, testName: 'lib', iterated: 'later', items: [], reason: 'waiton of chip'},
  ],
} satisfies {readonly testPatt: string; readonly tests: readonly PlannedTest[]};

describe('a printed plan', () => {
  it('as a table says what runs, why, and what it waits for, waitons first', () => {
    expect(printPlan(plan, 'table')).toBe(
      [
        'Test   Runs               Mode                Waits for       Why',
        'lib    items known later  normal              -               waiton of chip',
        'chip   2 of 4 items       itemwait exclusive  lib (/.*; a b)  matches chip',
        '"odd"  1 test             normal              chip            matches %; part of a cycle, can never run',
        '',
      ].join('\n'),
    );
  });

  it('as JSON is what went in, without the variables of the items', () => {
    const printed: unknown = JSON.parse(printPlan(plan, 'json'));
    expect(printed).toMatchObject({
      testPatt: 'chip,"odd"',
      tests: [
        {testName: 'lib', iterated: 'later', reason: 'waiton of chip'},
        {testName: 'chip', items: ['lay/inv', 'sch/inv'], itemCount: 4},
        {testName: '"odd"', isInCycle: true},
      ],
    });
  });

  it('for Graphviz has a box for each test and an arrow from each waiton', () => {
    const lines = printPlan(plan, 'dot').split('\n');
    expect(lines).toContain('  "chip" [label="chip\\n2 of 4 items", tooltip="matches chip"];');
    expect(lines).toContain('  "lib" -> "chip" [label="itemwait exclusive"];');
    expect(lines).toContain('  "\\"odd\\"" [label="\\"odd\\"\\n1 test", tooltip="matches %", color=red];');
  });

  it('for Mermaid has the same, with names that cannot break it', () => {
    expect(printPlan(plan, 'mermaid')).toBe(
      [
        'flowchart LR',
        '  t0["lib<br/>items known later<br/>waiton of chip"]',
        '  t1["chip<br/>2 of 4 items<br/>matches chip"]',
        '  t0 -->|"itemwait exclusive"| t1',
        '  t2["#quot;odd#quot;<br/>1 test<br/>matches %"]',
        '  t1 -->|"normal"| t2',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['nothing', {items: []}],
    ['1 test', {}],
    ['1 item', {iterated: 'now', items: items('a'), itemCount: 1}],
    ['0 of 3 items', {iterated: 'now', items: [], itemCount: 3}],
  ] satisfies [string, Partial<PlannedTest>][])('says that %s runs', (size, test) => {
    const printed = printPlan({testPatt: '%', tests: [{...plain, testName: 't', ...test}]}, 'table');
    expect(printed).toContain(`t     ${size}`);
  });
});

/** A plan for people and for tools: what would run, why, and what it waits for. Nothing is decided here. */
import type {PlannedTest} from './plan.ts';
import {unreachable} from './unreachable.ts';
import {upstreamOrder} from './upstream-order.ts';

export const PLAN_FORMATS = ['table', 'json', 'dot', 'mermaid'] as const;
export type PlanFormat = (typeof PLAN_FORMATS)[number];

export type PrintablePlan = {readonly testPatt: string; readonly tests: readonly PlannedTest[]};

/** The text ends with a line end. Tests stand after their waitons. */
export function printPlan(plan: PrintablePlan, format: PlanFormat): string {
  const byName = new Map(plan.tests.map((test) => [test.testName, test]));
  const order = upstreamOrder(byName.keys(), (name) => namesOf(byName.get(name)));
  const tests = order.flatMap((name) => byName.get(name) ?? []);
  switch (format) {
    case 'table':
      return table(tests);
    case 'json':
      return `${JSON.stringify({testPatt: plan.testPatt, tests: tests.map(jsonOf)}, undefined, 2)}\n`;
    case 'dot':
      return dot(tests);
    case 'mermaid':
      return mermaid(tests);
    default:
      return unreachable(format);
  }
}

function namesOf(test: PlannedTest | undefined): readonly string[] {
  return test?.waitons.map(({testName}) => testName) ?? [];
}

function table(tests: readonly PlannedTest[]): string {
  const rows = [
    ['Test', 'Runs', 'Mode', 'Waits for', 'Why'],
    ...tests.map((test) => [
      test.testName,
      size(test),
      test.modes.join(' '),
      waits(test),
      test.isInCycle ? `${test.reason}; part of a cycle, can never run` : test.reason,
    ]),
  ];
  const widths = rows.reduce<readonly number[]>(
    (most, row) => row.map((cell, index) => Math.max(cell.length, most[index] ?? 0)),
    [],
  );
  return rows
    .map((row) => row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** How much of a test runs, in words: `1 test`, `3 of 4 items`. */
function size({iterated, items, itemCount}: PlannedTest): string {
  switch (iterated) {
    case 'no':
      return items.length === 0 ? 'nothing' : '1 test';
    case 'later':
      return 'items known later';
    case 'now': {
      const count = items.length === 1 ? '1 item' : `${items.length} items`;
      return itemCount === undefined || itemCount === items.length
        ? count
        : `${items.length} of ${itemCount} items`;
    }
    default:
      return unreachable(iterated);
  }
}

function waits({waitons}: PlannedTest): string {
  return waitons.length === 0
    ? '-'
    : waitons
        .map(({testName, itemMap}) =>
          itemMap.trim() === '' ? testName : `${testName} (${oneLine(itemMap)})`,
        )
        .join(', ');
}

function oneLine(itemMap: string): string {
  return itemMap
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('; ');
}

function jsonOf(test: PlannedTest) {
  const {testName, testDir, iterated, itemCount, modes, priority, jobgroup, waitons, retry, reason} = test;
  return {
    testName,
    testDir,
    reason,
    waitons,
    modes,
    priority,
    jobgroup,
    iterated,
    itemCount,
    items: test.items.map(({itemPath}) => itemPath),
    retry,
    isInCycle: test.isInCycle,
  };
}

/** Arrows go the way the work goes: from a waiton to what waits for it. */
function dot(tests: readonly PlannedTest[]): string {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = tests.flatMap((test) => [
    `  ${quote(test.testName)} [label="${quote(test.testName).slice(1, -1)}\\n${size(test)}", tooltip=${quote(test.reason)}${test.isInCycle ? ', color=red' : ''}];`,
    ...test.waitons.map(
      (waiton) =>
        `  ${quote(waiton.testName)} -> ${quote(test.testName)} [label=${quote(test.modes.join(' '))}];`,
    ),
  ]);
  return ['digraph plan {', '  rankdir=LR;', '  node [shape=box];', ...lines, '}', ''].join('\n');
}

function mermaid(tests: readonly PlannedTest[]): string {
  const ids = new Map(tests.map(({testName}, index) => [testName, `t${index}`]));
  const quote = (text: string) => `"${text.replaceAll('"', '#quot;')}"`;
  const lines = tests.flatMap((test) => [
    `  ${ids.get(test.testName)}[${quote(`${test.testName}<br/>${size(test)}<br/>${test.reason}`)}]`,
    ...test.waitons.flatMap((waiton) => {
      const from = ids.get(waiton.testName);
      return from === undefined
        ? []
        : [`  ${from} -->|${quote(test.modes.join(' '))}| ${ids.get(test.testName)}`];
    }),
  ]);
  return ['flowchart LR', ...lines, ''].join('\n');
}

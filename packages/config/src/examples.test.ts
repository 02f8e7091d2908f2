/** The example areas are read the way a run reads them: plan and all. */
import {join} from 'node:path';
import {buildPlan} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {loadArea} from './area.ts';
import {findTests} from './find-tests.ts';
import {exportRunconfig, loadRunconfig} from './runconfigs.ts';
import {readTestDefinition} from './testconfig.ts';

const examples = join(import.meta.dirname, '../../../examples');

function plan(example: string, target: string, testPatt: string) {
  const messages: string[] = [];
  const path = join(examples, example);
  const area = loadArea(path, {
    env: {PATH: process.env.PATH ?? '', HOME: '/'},
    cwd: path,
    target,
    runName: 'r1',
    say: (level, text) => level === 0 && messages.push(text),
  });
  const runconfig = loadRunconfig(area);
  exportRunconfig(runconfig, area.env);
  const tests = findTests(area);
  const built = buildPlan({
    testPatt,
    testNames: [...tests.keys()],
    define: (name) => readTestDefinition(area, name, tests.get(name) ?? '', area.env, runconfig.config),
  });
  return {built, messages, variables: runconfig.variables, area};
}

describe('examples/quickstart', () => {
  it('plans six tests with their items and waitons', () => {
    const {built, messages} = plan('quickstart', 'linux/v1', '%');
    expect(messages).toEqual([]);
    const summary = Object.fromEntries(
      built.tests.map((test) => [
        test.testName,
        [test.modes.join(' '), test.items.map((item) => item.itemPath)],
      ]),
    );
    expect(summary).toEqual({
      compile: ['normal', ['debug', 'release']],
      lint: ['normal', ['']],
      report: ['toplevel', ['']],
      sources: ['normal', ['']],
      speed: ['normal', ['']],
      unit: ['itemwait', ['debug/size', 'debug/sum', 'release/size', 'release/sum']],
    });
  });

  it('a pattern for one item pulls in just the items that it needs', () => {
    const {built} = plan('quickstart', 'linux/v1', 'unit/debug/%');
    const items = Object.fromEntries(
      built.tests.map((test) => [test.testName, test.items.map((item) => item.itemPath)]),
    );
    expect(items).toEqual({unit: ['debug/size', 'debug/sum'], compile: ['debug'], sources: ['']});
  });

  it('takes the variables of the target over those of default', () => {
    expect(plan('quickstart', 'linux/v1', '%').variables.get('WORDS')).toBe('3000');
    expect(plan('quickstart', 'linux/v2', '%').variables.get('WORDS')).toBe('2000');
  });
});

describe('examples/sqlite-qualification', () => {
  it('applies the pattern section of the short scope and maps items to builds', () => {
    const {built, variables} = plan('sqlite-qualification', 'quick/linux', '%');
    expect(variables.get('LEVELS')).toBe('O0 O1');
    const speed = built.tests.find((test) => test.testName === 'speed');
    expect(speed?.waitons.map((waiton) => [waiton.testName, waiton.itemMap])).toEqual([
      ['compile', '^(.*)$ \\1'],
      ['baseline', '^([^/]+)/.*$ \\1'],
    ]);
  });
});

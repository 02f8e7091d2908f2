import type {Mode, StateStatus} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {PrerequisiteCheck, type PrerequisiteQuery, type PrerequisiteWorld} from './prerequisites.ts';
import {RunSchedule} from './run-schedule.ts';

type Row = StateStatus & {readonly itemPath: string};

function rows(values: Readonly<Record<string, string>>): readonly Row[] {
  return Object.entries(values).map(([itemPath, value]) => {
    const slash = value.indexOf('/');
    return {itemPath, state: value.slice(0, slash), status: value.slice(slash + 1)};
  });
}

function world(of: Readonly<Record<string, readonly Row[]>>, more: Partial<PrerequisiteWorld> = {}) {
  return new PrerequisiteCheck({
    rowsOf: (testName) => of[testName] ?? [],
    scheduledOf: () => [],
    mayStart: () => false,
    isRunningAnywhere: () => false,
    ...more,
  });
}

function query(mode: Mode, itemPath: string, more: Partial<PrerequisiteQuery> = {}): PrerequisiteQuery {
  return {testName: 'down', itemPath, waitons: ['up'], modes: [mode], itemMaps: [], ...more};
}

describe('prerequisites by the rows', () => {
  it.each<[string, Mode, string, Readonly<Record<string, string>>, string]>([
    ['a waiton that is good', 'normal', '', {'': 'COMPLETED/PASS'}, 'go'],
    ['one that has failed', 'normal', '', {'': 'COMPLETED/FAIL'}, 'fail'],
    ['the same in mode toplevel', 'toplevel', '', {'': 'COMPLETED/FAIL'}, 'go'],
    ['one that runs', 'normal', '', {'': 'RUNNING/n/a'}, 'wait'],
    ['one that nobody starts', 'normal', '', {'': 'NOT_STARTED/n/a'}, 'discard'],
    ['one that has been blocked', 'normal', '', {'': 'NOT_STARTED/PREQ_FAIL'}, 'discard'],
    [
      'the item that is needed',
      'itemwait',
      'a',
      {'': 'RUNNING/n/a', a: 'COMPLETED/PASS', b: 'RUNNING/n/a'},
      'go',
    ],
    ['another item', 'itemwait', 'b', {'': 'RUNNING/n/a', a: 'COMPLETED/PASS', b: 'RUNNING/n/a'}, 'wait'],
    ['no such item, and all is good', 'itemwait', 'c', {'': 'COMPLETED/PASS', a: 'COMPLETED/PASS'}, 'go'],
  ])('%s (%s)', (_, mode, itemPath, of, verdict) => {
    expect(world({up: rows(of)}).ask(query(mode, itemPath)).verdict).toBe(verdict);
  });

  it('a test as a whole may look at its items as soon as an item of the waiton was launched', () => {
    const up = rows({'': 'NOT_STARTED/n/a', a: 'LAUNCHED/n/a'});
    const down = rows({'': 'NOT_STARTED/n/a', a: 'NOT_STARTED/n/a'});
    expect(world({up, down}).ask(query('itemwait', '')).verdict).toBe('go');
    expect(world({up}).ask(query('itemwait', '')).verdict).toBe('wait');
  });

  it('what another driver may still start is waited for', () => {
    const check = world({up: rows({'': 'NOT_STARTED/n/a'})}, {mayStart: (testName) => testName === 'up'});
    expect(check.ask(query('normal', '')).verdict).toBe('wait');
  });
});

describe('prerequisites while a driver is at it', () => {
  it('what waits in its queue is not judged by the row of the time before', () => {
    const test = {
      testName: 'up',
      testDir: '',
      waitons: [],
      modes: ['normal' as const],
      priority: 0,
      jobgroup: '',
      hasTriggers: false,
      iterated: 'no' as const,
      items: [{itemPath: '', vars: []}],
      skip: null,
      reason: '',
      isInCycle: false,
    };
    const schedule = new RunSchedule(
      {tests: [test], testPatt: '%'},
      {force: true, rerun: undefined, isRetry: false, isRunningAnywhere: () => false},
    );
    const failed = {state: 'COMPLETED', status: 'FAIL'};
    schedule.parentRegistered('up', 1, failed);
    schedule.advance();
    const check = () =>
      world(
        {up: rows({'': 'COMPLETED/FAIL'})},
        {
          scheduledOf: (testName) => [schedule].flatMap((one) => one.nodeOf(testName) ?? []),
          mayStart: (testName) => schedule.mayStart(testName),
        },
      ).ask(query('normal', ''));
    expect(check()).toEqual({
      verdict: 'wait',
      unmet: [{testName: 'up', itemPath: '', ...failed, verdict: 'wait'}],
      isExcluded: false,
    });
    schedule.registered('up', [{itemPath: '', testId: 1, ...failed, isOwnLaunch: false}]);
    schedule.advance();
    schedule.takeReady(() => true);
    schedule.rowChanged('up', '', {state: 'LAUNCHED', status: 'n/a'});
    schedule.rowChanged('up', '', {state: 'COMPLETED', status: 'PASS'});
    expect(check().verdict).toBe('go');
  });
});

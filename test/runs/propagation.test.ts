import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {planOf, type WrittenArea} from './define-plan.ts';
import {FakeStore} from './fake-store.ts';
import {ScheduleRig} from './schedule-rig.ts';

const chipArea: WrittenArea = {
  lib: {items: 'lay sch'},
  chip: {
    items: 'lay/inv lay/nand sch/inv sch/nand',
    waiton: 'lib',
    mode: 'itemwait',
    itemmap: '/.*',
  },
  rpt: {waiton: 'chip'},
};

/** Runs everything with PASS. */
function launchedBy(area: WrittenArea, testPatt: string, store = new FakeStore()): ScheduleRig {
  const rig = new ScheduleRig(area, {testPatt, store});
  rig.endAll();
  return rig;
}

describe('21.5 propagation', () => {
  it.each([
    ['chip/lay/inv', 'chip/lay/inv,lib/lay', 'chip/lay/inv lib/lay'],
    ['chip/%/inv', 'chip/%/inv,lib/%', 'chip/lay/inv chip/sch/inv lib/lay lib/sch'],
    [
      'chip/lay/inv,chip/sch/%',
      'chip/lay/inv,chip/sch/%,lib/lay,lib/sch',
      'chip/lay/inv chip/sch/inv chip/sch/nand lib/lay lib/sch',
    ],
    ['chip', 'chip,lib/%', 'chip/lay/inv chip/lay/nand chip/sch/inv chip/sch/nand lib/lay lib/sch'],
    ['rpt', 'rpt,chip/%,lib/%', 'chip/lay/inv chip/lay/nand chip/sch/inv chip/sch/nand lib/lay lib/sch rpt'],
    ['chip/lay/inv,lib/sch', 'chip/lay/inv,lib/sch', 'chip/lay/inv lib/sch'],
    ['lib/sch', 'lib/sch', 'lib/sch'],
  ])('-testpatt %s', (testPatt, extended, instances) => {
    expect(planOf(chipArea, testPatt).testPatt).toBe(extended);
    expect(launchedBy(chipArea, testPatt).launched.toSorted().join(' ')).toBe(instances);
  });

  it('chip/lay/inv waits for lib as a whole when lib/lay is not run', () => {
    const rig = new ScheduleRig(chipArea, {testPatt: 'chip/lay/inv,lib/sch'});
    expect(rig.launched).toEqual(['lib/sch']);
    rig.endAll();
    expect(rig.launched).toEqual(['lib/sch', 'chip/lay/inv']);
  });

  it('a chain with table maps', () => {
    const area: WrittenArea = {
      base: {items: 'b3/x b4/x'},
      mid: {items: 'stage3 stage4', waiton: 'base', mode: 'itemwait', itemmaps: {base: 'stage(\\d+) b\\1/x'}},
      top: {
        items: '3/final 4/final',
        waiton: 'mid',
        mode: 'itemwait',
        itemmaps: {mid: '(\\d+)/final stage\\1'},
      },
    };
    expect(planOf(area, 'top/3/final').testPatt).toBe('top/3/final,mid/stage3,base/b3/x');
    expect(launchedBy(area, 'top/3/final').launched).toEqual(['base/b3/x', 'mid/stage3', 'top/3/final']);
  });

  it('a diamond runs one instance of each test, and later the others in the same run', () => {
    const items = {items: 'i.1 i.2 i.3', mode: 'itemwait'};
    const area: WrittenArea = {
      m0: items,
      m1: {...items, waiton: 'm0'},
      l: {...items, waiton: 'm1'},
      r: {...items, waiton: 'm1'},
      z: {...items, waiton: 'l r'},
    };
    const first = launchedBy(area, 'z/i.2');
    expect(first.launched.toSorted()).toEqual(['l/i.2', 'm0/i.2', 'm1/i.2', 'r/i.2', 'z/i.2']);
    const second = launchedBy(area, 'l/i.1,r/i.1,l/i.3,r/i.3', first.store);
    const count = (name: string) =>
      [...second.store.rowsOf(name)].filter((row) => row.itemPath !== '').length;
    expect(['m0', 'm1', 'l', 'r', 'z'].map(count)).toEqual([3, 3, 3, 3, 1]);
  });
});

describe('the extended pattern list', () => {
  it.each<[string, WrittenArea, string, string]>([
    ['takes T/ for all of T', {a: {items: 'x'}, t: {waiton: 'a'}}, 't/', 't/,a/%'],
    ['takes T beside T/x for all of T', {a: {items: 'x'}, t: {waiton: 'a'}}, 't,t/x', 't,t/x,a/%,a/x'],
    [
      'gives a shared waiton what each of its dependants needs',
      {a: {items: 'x y'}, s: {items: 'x', waiton: 'a'}, t: {items: 'y', waiton: 'a'}},
      's/x,t/y',
      's/x,t/y,a/y,a/x',
    ],
    [
      'goes on through a waiton that is found late',
      {a: {}, b: {waiton: 'a'}, s: {waiton: 'b'}, t: {waiton: 'a s'}},
      't/x',
      't/x,a/x,s/x,b/x',
    ],
    ['pulls waitors in too', {a: {}, t: {waitor: 'a'}}, 't', 't,a/%'],
    ['takes %/x for a choice of all tests', {a: {items: 'x'}, t: {items: 'x', waiton: 'a'}}, '%/x', '%/x'],
  ])('%s', (_, area, testPatt, extended) => {
    expect(planOf(area, testPatt).testPatt).toBe(extended);
  });

  it('never makes a plan without what its tests wait for, whatever the web of waitons', () => {
    const web = fc.array(fc.array(fc.nat({max: 9}), {maxLength: 3}), {minLength: 1, maxLength: 10});
    fc.assert(
      fc.property(web, fc.nat({max: 9}), (waitons, start) => {
        const area = Object.fromEntries(
          waitons.map((list, index) => [
            `t${index}`,
            {waiton: list.map((other) => `t${other % waitons.length}`).join(' ')},
          ]),
        );
        const plan = planOf(area, `t${start % waitons.length}`);
        const names = new Set(plan.tests.map(({testName}) => testName));
        for (const test of plan.tests) {
          expect(test.waitons.every(({testName}) => names.has(testName))).toBe(true);
          expect(test.waitons.some(({testName}) => testName === test.testName)).toBe(false);
        }
      }),
    );
  });
});

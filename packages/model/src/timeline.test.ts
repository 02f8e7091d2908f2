import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {BarRows, groupBars, mostAtOnce, type TimedRecord} from './timeline.ts';

function records(...texts: readonly string[]): readonly TimedRecord[] {
  return texts.map((text) => {
    const [, name = '', eventTime, runDuration] = /^(\S+) (\d+)\+(\d+)$/.exec(text) ?? [];
    const [testName = '', itemPath = ''] = name.split('/');
    return {testName, itemPath, eventTime: Number(eventTime), runDuration: Number(runDuration)};
  });
}

// Dashboard.md, E20.
const suite = records(
  'pack 50+10',
  'unit 19+99',
  'unit/c 35+5',
  'unit/b 20+10',
  'unit/a 20+30',
  'setup 0+20',
);

describe('the groups of a timeline', () => {
  it('stand by their first start, their items too, and a test with items shows only these', () => {
    expect(
      groupBars(suite).map(({testName, bars}) => [testName, bars.map(({itemPath}) => itemPath).join(' ')]),
    ).toEqual([
      ['setup', ''],
      ['unit', 'a b c'],
      ['pack', ''],
    ]);
  });

  it('keep what is alone, a test as an item', () => {
    expect(groupBars(records('a/1 5+1', 'b 4+1')).map(({bars}) => bars.length)).toEqual([1, 1]);
  });
});

describe('the rows of bars', () => {
  const bars = groupBars(suite).flatMap((group) => group.bars);

  it('are the lowest that are free', () => {
    const rows = new BarRows();
    expect(
      bars.map((bar) => rows.place(bar.eventTime, bar.eventTime + Math.max(2, bar.runDuration))),
    ).toEqual([0, 0, 1, 1, 0]);
  });

  it('keep room for a caption when there is one', () => {
    const rows = new BarRows();
    const places = bars.map(({testName, itemPath, eventTime, runDuration}) => {
      const caption = itemPath === '' ? testName : itemPath;
      return rows.place(eventTime, eventTime + Math.max(runDuration, 7 + 10 * caption.length));
    });
    expect(places).toEqual([0, 1, 2, 3, 1]);
  });

  it('fill a gap between bars that were placed before', () => {
    const rows = new BarRows();
    const places = [
      [10, 20],
      [40, 50],
      [0, 10],
      [20, 40],
      [5, 15],
      [15, 30],
      [0, 5],
    ].map(([start = 0, end = 0]) => rows.place(start, end));
    expect(places).toEqual([0, 0, 0, 0, 1, 1, 1]);
  });

  it('are as a walk through all rows finds them', () => {
    const bar = fc.tuple(fc.nat(50), fc.integer({min: 1, max: 10}));
    fc.assert(
      fc.property(fc.array(bar, {maxLength: 60}), (list) => {
        const rows = new BarRows();
        const placed: (readonly [row: number, start: number, end: number])[] = [];
        for (const [start, length] of list) {
          const end = start + length;
          const isFree = (row: number) =>
            placed.every(([of, from, to]) => of !== row || end <= from || to <= start);
          let wanted = 0;
          while (!isFree(wanted)) {
            wanted += 1;
          }
          placed.push([wanted, start, end]);
          expect(rows.place(start, end)).toBe(wanted);
        }
      }),
    );
  });
});

it('what ends when another begins was not at the same time', () => {
  const of = (...bars: readonly (readonly [number, number])[]) =>
    mostAtOnce(bars.map(([start, end]) => ({start, end})));
  expect(of()).toBe(0);
  expect(of([0, 10], [10, 20])).toBe(1);
  expect(of([0, 10], [5, 20], [9, 30], [10, 40])).toBe(3);
});

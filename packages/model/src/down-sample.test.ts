import fc from 'fast-check';
import {expect, it} from 'vitest';
import {DownSample, type SeriesPoint} from './down-sample.ts';

const series = fc
  .array(fc.tuple(fc.integer({min: 0, max: 1000}), fc.integer({min: -9, max: 9})), {maxLength: 300})
  .map((points) => points.sort(([a], [b]) => a - b) as readonly SeriesPoint[]);

function sampled(points: readonly SeriesPoint[], most: number): readonly SeriesPoint[] {
  const sample = new DownSample(0, 1000, most);
  for (const point of points) {
    sample.add(point);
  }
  return sample.points;
}

it('a series that is short enough stays as it is', () => {
  fc.assert(
    fc.property(series, (points) => {
      expect(sampled(points, 300)).toEqual(points);
    }),
  );
});

it('a longer one has at most so many of its own points, in order, with the extremes among them', () => {
  fc.assert(
    fc.property(series, fc.integer({min: 2, max: 50}), (points, most) => {
      const found = sampled(points, most);
      const values = (list: readonly SeriesPoint[]) => list.map(([, value]) => value);
      expect(found.length).toBeLessThanOrEqual(most);
      expect(points).toEqual(expect.arrayContaining([...found]));
      expect([...found].sort(([a], [b]) => a - b)).toEqual(found);
      expect(Math.max(...values(found))).toBe(Math.max(...values(points)));
      expect(Math.min(...values(found))).toBe(Math.min(...values(points)));
    }),
  );
});

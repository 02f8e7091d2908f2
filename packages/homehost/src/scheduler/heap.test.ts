import fc from 'fast-check';
import {expect, it} from 'vitest';
import {Heap} from './heap.ts';

it('a heap gives back what was put in, smallest first, whenever it is asked', () => {
  const step = fc.oneof(fc.integer(), fc.constant('pop' as const));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const heap = new Heap<number>((a, b) => a < b);
      const model: number[] = [];
      for (const what of steps) {
        if (what === 'pop') {
          expect(heap.pop()).toBe(model.shift());
        } else {
          heap.push(what);
          model.push(what);
          model.sort((a, b) => a - b);
        }
        expect(heap.peek()).toBe(model[0]);
        expect(heap.size).toBe(model.length);
      }
    }),
  );
});

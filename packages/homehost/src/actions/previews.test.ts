import {beforeEach, expect, it} from 'vitest';
import {Previews} from './previews.ts';

let nowS = 1000;
let previews: Previews<string>;

beforeEach(() => {
  nowS = 1000;
  previews = new Previews(() => nowS);
});

it('a preview is taken once, by its user', () => {
  expect(previews.add('p', 'ana', 'run')).toBe(1060);
  expect(() => previews.take('p', 'joe')).toThrow('there is no such preview of joe');
  expect(previews.take('p', 'ana')).toBe('run');
  expect(() => previews.take('p', 'ana')).toThrow('there is no such preview of ana');
});

it('lasts 60 seconds', () => {
  previews.add('p', 'ana', 'run');
  nowS = 1060;
  expect(previews.find('p', 'ana')).toBe('run');
  nowS = 1061;
  expect(previews.find('p', 'ana')).toBeUndefined();
});

it('of one user makes room for the 101st of the same user only', () => {
  previews.add('joes', 'joe', 'run');
  for (let number = 0; number <= 100; number += 1) {
    previews.add(`p${number}`, 'ana', 'run');
  }
  expect(previews.find('p0', 'ana')).toBeUndefined();
  expect(previews.find('p1', 'ana')).toBe('run');
  expect(previews.find('joes', 'joe')).toBe('run');
});

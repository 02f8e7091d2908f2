import {describe, expect, it} from 'vitest';
import {choosePattern, type PatternSources} from './pattern-source.ts';

const runconfigs = new Map([
  ['TESTPATT', 'night%'],
  ['SMOKE', 's%'],
]);

describe('21.3 pattern source', () => {
  it.each<[string, Omit<PatternSources, 'runconfig'>, string | undefined, number]>([
    ['none', {}, 'night%', 0],
    ['-testpatt %', {testPatt: '%'}, 'night%', 0],
    ['-testpatt foo', {testPatt: 'foo'}, 'foo', 0],
    ['-runtests foo', {runTests: 'foo'}, 'foo', 1],
    ['-testpatt foo -itempatt a%', {testPatt: 'foo', itemPatt: 'a%'}, 'foo/a%', 1],
    ['--modepatt SMOKE -testpatt foo', {modePatt: 'SMOKE', testPatt: 'foo'}, 's%', 0],
    ['--modepatt NOPE', {modePatt: 'NOPE'}, undefined, 1],
    ['-runtests foo -testpatt bar', {runTests: 'foo', testPatt: 'bar'}, 'bar', 1],
  ])('%s', (_, options, testPatt, warnings) => {
    const chosen = choosePattern({...options, runconfig: (key) => runconfigs.get(key)});
    expect(chosen.testPatt).toBe(testPatt);
    expect(chosen.messages.filter(({text}) => text.startsWith('WARNING: '))).toHaveLength(warnings);
  });

  it('without TESTPATT in runconfigs is %', () => {
    expect(choosePattern({runconfig: () => undefined}).testPatt).toBe('%');
  });
});

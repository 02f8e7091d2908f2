import {execFileSync} from 'node:child_process';
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {substitute} from './hooks.ts';

describe('place-holders', () => {
  const values = new Map([
    ['msg', "it's #{line} \\1"],
    ['line', 'L'],
    ['m1', ''],
  ]);
  const cases: readonly (readonly [command: string, text: string])[] = [
    ['#{line}', 'L'],
    ['#{msg}', "it's #{line} \\1"],
    ['#{escaped msg}', "'it'\\''s #{line} \\1'"],
    ['[#{m1}]', '[]'],
    ['#{m2} #{other} #{escaped m2}', '#{m2} #{other} #{escaped m2}'],
  ];
  it.each(cases)('%s', (command, text) => {
    expect(substitute(command, values)).toBe(text);
  });

  it('a shell reads escaped text as it was', () => {
    const text = fc.string({unit: fc.constantFrom("'", '"', '$', '\\', 'a', ' ', '\n', '`', '!')});
    fc.assert(
      fc.property(text, (line) => {
        const command = substitute('printf %s #{escaped line}', new Map([['line', line]]));
        expect(execFileSync('/bin/sh', ['-c', command]).toString()).toBe(line);
      }),
      {numRuns: 30},
    );
  });
});

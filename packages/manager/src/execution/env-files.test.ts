import {execFileSync} from 'node:child_process';
import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {envFiles} from './env-files.ts';

describe('26.10 lines of environment files', () => {
  it.each([
    ['CUR', '/data/a-1.0', 'export CUR=/data/a-1.0', 'setenv CUR /data/a-1.0'],
    ['T', 'two words', 'export T="two words"', 'setenv T "two words"'],
    ['EQ', 'a=b', 'export EQ="a=b"', 'setenv EQ "a=b"'],
    ['NONE', '', 'export NONE=', 'setenv NONE '],
    ['USER', 'ann', '# export USER=ann', '# setenv USER ann'],
    ['Q', 'say "hi"', 'export Q="say \\"hi\\""', 'setenv Q "say \\"hi\\""'],
    ['a:b', '1', '# export a:b=1', '# setenv a:b 1'],
  ])('of %s=%s', (name, value, sh, csh) => {
    expect(envFiles({[name]: value})).toEqual({sh: `${sh}\n`, csh: `${csh}\n`});
  });
});

describe('environment files', () => {
  it('are sorted by name', () => {
    expect(envFiles({B: '2', A: '1'}).sh).toBe('export A=1\nexport B=2\n');
  });

  it('give back the exact values when bash sources them', () => {
    const values = fc.array(fc.stringMatching(/^[ -~\n\t]*$/), {maxLength: 30});
    fc.assert(
      fc.property(values, (texts) => {
        const {sh} = envFiles(Object.fromEntries(texts.map((text, index) => [`V${index}`, text])));
        const prints = texts.map((_, index) => `printf '%s\\0' "$V${index}"\n`).join('');
        const printed = execFileSync('bash', ['-c', `${sh}${prints}`], {encoding: 'utf8'});
        expect(printed.split('\0').slice(0, -1)).toEqual(texts);
      }),
      {numRuns: 8},
    );
  });
});

import {describe, expect, it} from 'vitest';
import {parseDat} from './dat-file.ts';

const dat = `[rule-1]
operator in
section LogFileBody
desc Supply current
status FAIL
expected 12.0
measured 15.5
type +/-
tolerance 2
pass 0
fail 1

[final]
exit-code 1
exit-status FAIL
message value: Supply current
`;

describe('26.17 a .dat file', () => {
  it('gives a row for each rule and one for the end', () => {
    const {rows, comment} = parseDat(dat, 'simA');
    expect(rows).toEqual([
      {
        category: 'simA',
        variable: 'rule-1',
        value: 15.5,
        expected: 12,
        tol: 2,
        units: 'n/a',
        comment: 'Supply current',
        status: 'FAIL',
        type: '+/-',
      },
      {
        category: 'simA',
        variable: 'final',
        value: 1,
        expected: 0,
        tol: 0,
        units: 'n/a',
        comment: 'value: Supply current',
        status: 'FAIL',
        type: 'logpro',
      },
    ]);
    expect(comment).toBe('FAIL: value: Supply current');
  });

  it('that says PASS gives that as the comment; the last of repeated lines counts', () => {
    expect(parseDat('[final]\nexit-code 0\nexit-status PASS\n', 's').comment).toBe('PASS');
    expect(parseDat('[final]\nexit-status WARN\nmessage a\nmessage b\n', 's').comment).toBe('WARN: b');
    expect(parseDat('[final]\nexit-status WARN\n', 's').comment).toBe('WARN: no message');
  });

  it('that is empty gives nothing', () => {
    expect(parseDat('', 's')).toEqual({rows: [], comment: undefined});
  });
});

import {readConfigText} from '@megatest/config';
import {describe, expect, it} from 'vitest';
import {redirected} from './step-list.ts';
import {dataOf} from './testconfig-data.ts';

const read = (text: string) =>
  dataOf(readConfigText(text, 'testconfig', {env: {}, cwd: '/', areaPath: '/', commands: 'no'}));

describe('26.1 run time limits', () => {
  it.each([
    ['20s', 20],
    ['20m', 1200],
    ['1h 2m 3s', 3723],
    ['1d 1h 1m 10s', 90_070],
    ['10s 10s', 20],
    ['5m30s', 'invalid'],
    ['90', 'invalid'],
    ['1.5h', 'invalid'],
    ['5M', 'invalid'],
    ['1h # note: 5m', 3900],
    ['2m forever', 120],
  ])('%s is %s', (text, wanted) => {
    expect(read(`[requirements]\nruntimelim ${text}\n`).runTimeLimitS).toBe(wanted);
  });

  it('is missing without a line', () => {
    expect(read('').runTimeLimitS).toBeNull();
  });
});

describe('26.11 the text of a step', () => {
  it.each([
    ['run.sh -a', 'run.sh -a'],
    ['{N=1,2} run.sh -a', 'run.sh -a'],
    ['run.sh {x}', 'run.sh {x}'],
    ['{a}{b} c', '{b} c'],
    ['{ ls; }', ''],
  ])('%s', (text, command) => {
    expect(read(`[ezsteps]\ns ${text}\n`).steps).toEqual([{name: 's', command}]);
  });

  it('is redirected as plain text', () => {
    expect(redirected('look', 'sleep 1;ls /tmp')).toBe('sleep 1;ls /tmp > look.log 2>&1');
    expect(redirected('many', 'a\nb')).toBe('{\na\nb\n} > many.log 2>&1');
    expect(redirected('none', '')).toBe(': > none.log 2>&1');
  });
});

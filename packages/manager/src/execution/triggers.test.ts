import {describe, expect, it} from 'vitest';
import {firedTriggers} from './triggers.ts';

const triggers = [
  ['COMPLETED/FAIL', 'mail.sh'],
  ['COMPLETED/', 'log.sh -x'],
  ['/FAIL', 'page.sh'],
  ['completed/', 'no.sh'],
  ['FAIL/', 'never.sh'],
] as const;

describe('26.21 triggers of a write', () => {
  it('are those of state and status, of the state, and of the status, in this order', () => {
    expect(firedTriggers(triggers, 'COMPLETED', 'FAIL')).toEqual([
      {key: 'COMPLETED/FAIL', command: 'mail.sh'},
      {key: 'COMPLETED/', command: 'log.sh -x'},
      {key: '/FAIL', command: 'page.sh'},
    ]);
  });

  it('of a status on a running test', () => {
    expect(firedTriggers(triggers, 'RUNNING', 'FAIL')).toEqual([{key: '/FAIL', command: 'page.sh'}]);
  });

  it('26.14 are looked for with the status that the row keeps', () => {
    const all = [
      ['RUNNING/n/a', 'a'],
      ['RUNNING/', 'b'],
      ['/n/a', 'c'],
    ] as const;
    expect(firedTriggers(all, 'RUNNING', 'n/a').map(({key}) => key)).toEqual([
      'RUNNING/n/a',
      'RUNNING/',
      '/n/a',
    ]);
  });
});

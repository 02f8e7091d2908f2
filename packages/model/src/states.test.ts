import {describe, expect, it} from 'vitest';
import {
  colour,
  isDeadEndStatus,
  isGood,
  isRunning,
  label,
  STATES,
  STATUSES,
  stateKind,
  stateRank,
  statusRank,
} from './states.ts';

describe('states and statuses', () => {
  it('have each name once, and a meaning', () => {
    for (const table of [STATES, STATUSES]) {
      expect(new Set(table.map(({name}) => name)).size).toBe(table.length);
      expect(table.every(({meaning}) => meaning !== '')).toBe(true);
    }
  });

  it('have the ranks of runs.md 4.1 and 4.2', () => {
    const states =
      'RUNNING REMOTEHOSTSTART LAUNCHED COMPLETED NOT_STARTED KILLED KILLREQ STUCK INCOMPLETE MINE';
    expect(states.split(' ').map(stateRank)).toEqual([8, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
    const statuses = 'n/a na PASS SKIP WARN WAIVED CHECK STUCK/DEAD DEAD KILLED FAIL ABORT AUTO FORCED';
    expect(statuses.split(' ').map(statusRank)).toEqual([1, 1, 2, 3, 4, 5, 6, 7, 7, 7.5, 8, 9, 0, 0]);
  });

  it('that nobody knows have ended', () => {
    expect(stateKind('MINE')).toBe('ended');
  });

  it('make the sets of runs.md 4.3', () => {
    const named = (rows: readonly {readonly name: string}[], has: (name: string) => boolean) =>
      rows.map(({name}) => name).filter(has);
    expect(named(STATUSES, (status) => isGood('COMPLETED', status))).toEqual([
      'PASS',
      'SKIP',
      'WARN',
      'WAIVED',
      'CHECK',
    ]);
    expect(isGood('ARCHIVED', 'PASS')).toBe(true);
    expect(isGood('RUNNING', 'PASS')).toBe(false);
    expect(named(STATES, isRunning)).toEqual(['LAUNCHED', 'REMOTEHOSTSTART', 'RUNNING']);
    expect(named(STATUSES, (status) => !isDeadEndStatus(status))).toEqual(['n/a', 'KEEP_TRYING']);
  });

  it.each([
    ['COMPLETED', 'FAIL', 'FAIL', '#FD2131', 'black'],
    ['COMPLETED', 'PASS', 'PASS', '#46F949', 'black'],
    ['COMPLETED', 'ABORT', 'ABORT', '#C624A6', 'white'],
    ['ARCHIVED', 'WAIVED', 'WAIVED', '#C8820D', 'black'],
    ['ARCHIVED', 'ABORT', 'ABORT', '#B42131', 'white'],
    ['RUNNING', 'FAIL', 'RUNNING', '#0983E8', 'black'],
    ['KILLREQ', 'n/a', 'KILLREQ', '#2752CE', 'white'],
    ['NOT_STARTED', 'n/a', 'NOT_STARTED', '#F0F0F0', 'black'],
    ['NOT_STARTED', 'CHECK', 'NOT_STARTED', '#E6E600', 'black'],
    ['NOT_STARTED', 'PREQ_FAIL', 'PREQ_FAIL', '#F0F0F0', 'black'],
    ['INCOMPLETE', 'KILLED', 'INCOMPLETE', '#C0C0C0', 'black'],
    ['', '', '', '#C0C0C0', 'black'],
  ])('%s/%s is shown as %s on %s', (state, status, text, background, foreground) => {
    expect(label(state, status)).toBe(text);
    expect(colour(state, status)).toEqual({background, text: foreground});
  });
});

import {formatDuration} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {type StepRecord, stepViews} from './step-view.ts';

const record = (
  eventTime: number,
  stepName: string,
  state: string,
  status: string,
  logfile = '',
): StepRecord => ({
  eventTime,
  stepName,
  state,
  status,
  logfile,
  comment: '',
});

describe('26.2 durations as text', () => {
  it.each([
    [0, '0s'],
    [5, '5s'],
    [60, '1m 0s'],
    [3600, '1hr 0s'],
    [3661, '1hr 1m 1s'],
    [7322, '2hr 2m 2s'],
  ])('%i is %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('26.18 the merged view of steps', () => {
  const records = [
    record(100, 'build', 'start', 'n/a'),
    record(165, 'build', 'end', '0'),
    record(170, 'sim', 'start', 'n/a', 'sim.html'),
    record(180, 'sim', 'wrote', '4'),
    record(200, 'solo', 'end', '1'),
  ];

  it('has one entry for each step', () => {
    expect(stepViews(records)).toMatchObject([
      {name: 'build', startS: 100, end: 165, status: '0', duration: '1m 5s', logfile: ''},
      {name: 'sim', startS: 170, end: 'wrote', status: '4', duration: '180', logfile: 'sim.html'},
      {name: 'solo', startS: undefined, end: 200, status: '1', duration: '-1'},
    ]);
  });

  it('takes the last end of a step', () => {
    const again = [...records.filter(({stepName}) => stepName === 'build'), record(300, 'build', 'end', '1')];
    expect(stepViews(again)).toMatchObject([{status: '1', duration: '3m 20s'}]);
  });

  it('shows a step that is being repeated as running', () => {
    const again = [record(165, 'build', 'end', '0'), record(400, 'build', 'start', 'n/a')];
    expect(stepViews(again)).toMatchObject([{startS: 400, end: undefined, status: 'running', duration: ''}]);
  });
});

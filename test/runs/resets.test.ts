import {describe, expect, it} from 'vitest';
import {autoRerun, parseAutoRerun} from '../../packages/homehost/src/resets.ts';
import type {FakeStore} from './fake-store.ts';
import {ScheduleRig} from './schedule-rig.ts';

/** As a driver does at the start of a pass. */
function applyAutoRerun(store: FakeStore, text: string): void {
  for (const row of [...store.rows]) {
    const next = autoRerun(parseAutoRerun(text), row);
    if (next !== undefined) {
      store.setState(row.testId, next);
    }
  }
}

describe('21.10 resets, a whole run', () => {
  it('an item that is to run again but is not wanted leaves its parent at CHECK', () => {
    const area = {T: {items: 's1 s2 s3 s4'}};
    const first = new ScheduleRig(area);
    first.endAll();
    expect(first.row('T')).toBe('COMPLETED/PASS');
    first.set('T/s2', 'INCOMPLETE/FAIL');
    expect(first.row('T')).toBe('INCOMPLETE/FAIL');

    applyAutoRerun(first.store, 'INCOMPLETE');
    const second = new ScheduleRig(area, {store: first.store, testPatt: 'T/s4', rerun: ['PASS']});
    second.endAll();
    expect(second.launched).toEqual(['T/s4']);
    expect(second.row('T/s2')).toBe('NOT_STARTED/INCOMPLETE');
    expect(second.row('T')).toBe('COMPLETED/CHECK');
  });
});

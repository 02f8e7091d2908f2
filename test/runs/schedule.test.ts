import {describe, expect, it} from 'vitest';
import type {WrittenArea} from './define-plan.ts';
import {ScheduleRig} from './schedule-rig.ts';

/** Rows of a rig, in the order of the names. */
function rows(rig: ScheduleRig, names: string): readonly string[] {
  return names.split(' ').map((name) => rig.row(name));
}

describe('21.7 prerequisite gate, whole runs', () => {
  it('a chain after an empty item list is discarded', () => {
    const rig = new ScheduleRig({n0: {items: ''}, n1: {waiton: 'n0'}, n2: {waiton: 'n1'}});
    expect(rows(rig, 'n0 n1 n2')).toEqual([
      'NOT_STARTED/ZERO_ITEMS',
      'NOT_STARTED/PREQ_DISCARDED',
      'NOT_STARTED/PREQ_DISCARDED',
    ]);
    expect(rig.schedule.isDone).toBe(true);
  });

  it('a chain after a failure fails once and is discarded from then on', () => {
    const rig = new ScheduleRig({f: {}, g: {waiton: 'f'}, h: {waiton: 'g'}});
    rig.set('f', 'COMPLETED/FAIL');
    expect(rows(rig, 'f g h')).toEqual([
      'COMPLETED/FAIL',
      'NOT_STARTED/PREQ_FAIL',
      'NOT_STARTED/PREQ_DISCARDED',
    ]);
    expect(rig.messages).toContain(
      'INFO: (1) test g (mode=normal) has failed prerequisite(s); f:COMPLETED/FAIL; removing it from to-do list',
    );
  });

  it('a failed item blocks just the item that needs it, with one warning', () => {
    const items = {items: '1 2 3', mode: 'itemwait'};
    const rig = new ScheduleRig({p: items, q: {...items, waiton: 'p'}});
    rig.set('p/2', 'COMPLETED/FAIL');
    rig.endAll();
    expect(rows(rig, 'q/1 q/2 q/3 p q')).toEqual([
      'COMPLETED/PASS',
      'NOT_STARTED/PREQ_FAIL',
      'COMPLETED/PASS',
      'COMPLETED/FAIL',
      'COMPLETED/CHECK',
    ]);
    const warnings = rig.messages.filter((text) =>
      text.startsWith('WARNING: test q/2 has FAILED prerequisites'),
    );
    expect(warnings).toHaveLength(1);
  });

  it('exclusive waits at the expansion gate for any instance, later only for its own', () => {
    const running = new Set(['T/x']);
    const isRunningAnywhere = (testName: string, itemPath: string | undefined) =>
      itemPath === undefined
        ? [...running].some((name) => name.startsWith(`${testName}/`))
        : running.has(`${testName}/${itemPath}`);
    const area = {T: {items: 'x y', mode: 'normal exclusive'}};
    const rig = new ScheduleRig(area, {isRunningAnywhere});
    expect(rig.launched).toEqual([]);
    running.clear();
    rig.schedule.recheckExclusive({testName: 'T', itemPath: 'x'});
    const actions = rig.schedule.advance();
    expect(actions.map(({kind}) => kind)).toEqual(['register']);
    running.add('T/x');
    rig.schedule.registered(
      'T',
      ['x', 'y'].map((itemPath) => {
        const {testId, state, status} = rig.store.register('T', itemPath);
        return {testId, itemPath, state, status, isOwnLaunch: false};
      }),
    );
    rig.go();
    expect(rig.launched).toEqual(['T/y']);
    running.clear();
    rig.schedule.recheckExclusive();
    rig.go();
    expect(rig.launched).toEqual(['T/y', 'T/x']);
  });
});

describe('21.8 order', () => {
  it('with one slot: b, e, a, d, c', () => {
    const area = {a: {priority: 5}, b: {priority: 10}, c: {}, d: {}, e: {waiton: 'b'}};
    const rig = new ScheduleRig(area, {slots: 1});
    rig.endAll();
    expect(rig.launched).toEqual(['b', 'e', 'a', 'd', 'c']);
  });

  it('items go in the order of their list, also those that become ready late', () => {
    const items = {items: 'c a b', mode: 'itemwait'};
    const rig = new ScheduleRig({u: items, v: {...items, waiton: 'u'}}, {slots: 1});
    rig.endAll();
    expect(rig.launched).toEqual(['u/c', 'v/c', 'u/a', 'v/a', 'u/b', 'v/b']);
  });
});

describe('21.11 limits', () => {
  it('a job group that is full holds back its own tests and nobody else', () => {
    const area = {x: {jobgroup: 'db'}, y: {jobgroup: 'db'}, free: {}};
    const rig = new ScheduleRig(area, {slots: 0});
    const taken = [];
    for (let next = rig.schedule.takeReady((group) => group !== 'db'); next !== undefined; ) {
      taken.push(next.instance.testName);
      next = rig.schedule.takeReady((group) => group !== 'db');
    }
    expect(taken).toEqual(['free']);
    expect(rig.schedule.hasReady).toBe(true);
    expect(rig.schedule.takeReady(() => true)?.instance.testName).toBe('y');
  });
});

describe('a schedule', () => {
  it('waits for a waiton that is about to be run again, whatever its row says', () => {
    const rig = new ScheduleRig(
      {w: {}, t: {waiton: 'w'}},
      {rows: {w: 'COMPLETED/FAIL', t: 'NOT_STARTED/PREQ_FAIL'}, rerun: ['FAIL']},
    );
    expect(rig.launched).toEqual(['w']);
    rig.endAll();
    expect(rig.launched).toEqual(['w', 't']);
  });

  it('does not let an item go by an old result that is about to be replaced', () => {
    const items = {items: '1 2', mode: 'itemwait'};
    const rig = new ScheduleRig(
      {w: items, t: {...items, waiton: 'w'}},
      {slots: 1, rerun: ['PASS'], rows: {'w/1': 'COMPLETED/PASS', 'w/2': 'COMPLETED/PASS'}},
    );
    rig.endAll();
    expect(rig.launched).toEqual(['w/1', 't/1', 'w/2', 't/2']);
  });

  it('keeps the results of an earlier invocation when a prerequisite has failed', () => {
    const rig = new ScheduleRig(
      {w: {}, t: {waiton: 'w'}},
      {rows: {w: 'COMPLETED/FAIL', t: 'COMPLETED/PASS'}},
    );
    expect(rig.row('t')).toBe('COMPLETED/PASS');
    expect(rig.schedule.isDone).toBe(true);
  });

  it('looks at items of the waiton that are not in this queue', () => {
    const items = {items: '1 2', mode: 'itemwait'};
    const area: WrittenArea = {w: items, t: {...items, waiton: 'w'}};
    const rig = new ScheduleRig(area, {
      testPatt: 't/1,w/2',
      rows: {'w/1': 'COMPLETED/PASS', 'w/2': 'COMPLETED/FAIL'},
    });
    expect(rig.launched).toEqual(['t/1']);
  });

  it('awaits all upstream items that a mapped path with % means', () => {
    const area: WrittenArea = {
      w: {items: 'a/1 a/2 b/1'},
      t: {items: 'a b', waiton: 'w', mode: 'itemwait', itemmap: '$ /%'},
    };
    const rig = new ScheduleRig(area);
    rig.set('w/a/1', 'COMPLETED/PASS');
    expect(rig.launched.filter((name) => name.startsWith('t'))).toEqual([]);
    rig.set('w/b/1', 'COMPLETED/FAIL');
    expect(rig.row('t/b')).toBe('NOT_STARTED/PREQ_FAIL');
    rig.set('w/a/2', 'COMPLETED/WARN');
    expect(rig.launched.filter((name) => name.startsWith('t'))).toEqual(['t/a']);
  });

  it('lets items of a forced waiton go', () => {
    const items = {items: '1 2', mode: 'itemwait'};
    const rig = new ScheduleRig({w: items, t: {...items, waiton: 'w'}});
    rig.set('w/1', 'COMPLETED/FAIL');
    expect(rig.row('t/1')).toBe('NOT_STARTED/PREQ_FAIL');
    rig.set('w', 'COMPLETED/WAIVED');
    expect(rig.launched).toContain('t/2');
  });

  it('lists later items when the waitons are done, and runs those that match', () => {
    const area: WrittenArea = {w: {}, t: {waiton: 'w', items: 'a b', isLater: true}};
    const rig = new ScheduleRig(area, {testPatt: 't/a,w'});
    expect(rig.row('t/a')).toBe('none');
    rig.endAll();
    expect(rig.launched).toEqual(['w', 't/a']);
    expect(rig.messages).toContain("INFO: (1) Skipping t b as it doesn't match t/a,w");
  });

  it('leaves the row of a test alone that the pattern does not want, and discards its dependants', () => {
    const rig = new ScheduleRig({w: {items: 'a'}, t: {waiton: 'w'}}, {testPatt: 'w/zzz,t'});
    expect(rows(rig, 'w w/a t')).toEqual(['NOT_STARTED/n/a', 'none', 'NOT_STARTED/PREQ_DISCARDED']);
  });

  it('does not say ZERO_ITEMS while rows of items are there', () => {
    const rig = new ScheduleRig({w: {items: ''}}, {rows: {'w/old': 'COMPLETED/PASS'}});
    expect(rig.row('w')).toBe('COMPLETED/PASS');
    expect(rig.schedule.isDone).toBe(true);
  });

  it('discards the tests of a cycle and what waits for them, and runs the rest', () => {
    const rig = new ScheduleRig({a: {waiton: 'b'}, b: {waiton: 'a'}, c: {waiton: 'a'}, d: {}});
    rig.endAll();
    expect(rig.launched).toEqual(['d']);
    expect(rows(rig, 'a b c')).toEqual(Array.from({length: 3}, () => 'NOT_STARTED/PREQ_DISCARDED'));
  });

  it('leaves an instance that somebody else has launched meanwhile', () => {
    const rig = new ScheduleRig({a: {}, b: {}}, {slots: 1});
    rig.set('a', 'RUNNING/n/a');
    rig.endAll();
    expect(rig.launched).toEqual(['b']);
    expect(rig.schedule.isDone).toBe(true);
  });

  it('gives up what still waits when nothing has been running for too long', () => {
    const rig = new ScheduleRig({a: {}, b: {waiton: 'a'}});
    rig.set('a', 'KILLREQ/n/a');
    rig.schedule.giveUp();
    rig.go();
    expect(rows(rig, 'a b')).toEqual(['KILLREQ/n/a', 'NOT_STARTED/TIMED_OUT']);
    expect(rig.schedule.isDone).toBe(true);
  });

  it('repeats in the retry pass only what never got a result', () => {
    const area = {a: {}, b: {}, c: {}, d: {}};
    const earlier = {a: 'COMPLETED/FAIL', b: 'COMPLETED/n/a', c: 'INCOMPLETE/KILLED', d: 'COMPLETED/PASS'};
    const rig = new ScheduleRig(area, {rows: earlier, isRetry: true, force: true, rerun: ['FAIL']});
    expect(rig.launched.toSorted()).toEqual(['b', 'c']);
  });

  it('with wanted instances leaves all others as they are', () => {
    const area = {t: {items: 'a b c'}};
    const rig = new ScheduleRig(area, {
      isWanted: (testName, itemPath) => `${testName}/${itemPath}` === 't/b',
    });
    rig.endAll();
    expect(rows(rig, 't/a t/b t/c')).toEqual(['NOT_STARTED/n/a', 'COMPLETED/PASS', 'NOT_STARTED/n/a']);
  });
});

describe('after a restart of the daemon', () => {
  it('what the driver had launched is not launched again, not even by -rerun', () => {
    const area = {a: {}, b: {}, c: {}};
    const rows = {a: 'COMPLETED/PASS', b: 'RUNNING/n/a', c: 'COMPLETED/PASS'};
    const rig = new ScheduleRig(area, {rows, rerun: ['PASS'], ownLaunches: {a: 0, b: 0}});
    expect(rig.launched).toEqual(['c']);
    expect(rig.schedule.progress()).toEqual({total: 3, done: 1, running: 2, failed: 0});
  });
});

describe('two runners of one run', () => {
  const area: WrittenArea = {w: {items: 'a b'}, t: {waiton: 'w'}};

  it('do not discard what waits for a test that the other one may still start', () => {
    let isOtherDone = false;
    const rig = new ScheduleRig(area, {testPatt: 'w/none,t', mayOthersStart: () => !isOtherDone});
    expect(rig.row('t')).toBe('NOT_STARTED/n/a');
    expect(rig.schedule.recheckOthers()).toBe(false);
    isOtherDone = true;
    expect(rig.schedule.recheckOthers()).toBe(true);
    rig.go();
    expect(rig.row('t')).toBe('NOT_STARTED/PREQ_DISCARDED');
  });

  it('go on with the results of the other one', () => {
    const rig = new ScheduleRig(area, {testPatt: 'w/none,t', mayOthersStart: () => true});
    rig.set('w/a', 'RUNNING/n/a');
    rig.set('w/a', 'COMPLETED/PASS');
    expect(rig.launched).toEqual(['t']);
  });

  it('say what they may still start', () => {
    const rig = new ScheduleRig(area, {slots: 1});
    expect(['w', 't', 'x'].map((name) => rig.schedule.mayStart(name))).toEqual([true, true, false]);
    rig.endAll();
    expect(['w', 't', 'x'].map((name) => rig.schedule.mayStart(name))).toEqual([false, false, false]);
  });
});

describe('retries of a test', () => {
  const area: WrittenArea = {w: {retries: {count: 2, delayS: 10}}, t: {waiton: 'w'}};

  it('come after a pause that doubles, and hold back what waits for it', () => {
    const rig = new ScheduleRig(area);
    rig.set('w', 'COMPLETED/FAIL');
    expect(rig.retries).toEqual([{name: 'w/', delayS: 10}]);
    expect(rig.row('t')).toBe('NOT_STARTED/n/a');
    rig.schedule.retryDue('w', '');
    rig.go();
    rig.set('w', 'COMPLETED/FAIL');
    expect(rig.retries.at(-1)).toEqual({name: 'w/', delayS: 20});
    rig.schedule.retryDue('w', '');
    rig.go();
    rig.endAll();
    expect(rig.launched).toEqual(['w', 'w', 'w', 't']);
  });

  it('end with the last failure', () => {
    const rig = new ScheduleRig(area);
    for (let launch = 0; launch < 3; launch += 1) {
      rig.set('w', 'COMPLETED/FAIL');
      rig.schedule.retryDue('w', '');
      rig.go();
    }
    expect(rig.launched).toEqual(['w', 'w', 'w']);
    expect(rig.row('t')).toBe('NOT_STARTED/PREQ_FAIL');
  });

  it('go on where they were when the daemon is restarted', () => {
    const rig = new ScheduleRig(area, {rows: {w: 'COMPLETED/FAIL'}, ownLaunches: {w: 1}});
    expect(rig.retries).toEqual([{name: 'w/', delayS: 20}]);
    const spent = new ScheduleRig(area, {rows: {w: 'COMPLETED/FAIL'}, ownLaunches: {w: 2}});
    expect(spent.retries).toEqual([]);
    expect(spent.row('t')).toBe('NOT_STARTED/PREQ_FAIL');
  });

  it('do not bring back what a user has killed', () => {
    const rig = new ScheduleRig(area);
    rig.set('w', 'KILLED/KILLED');
    expect(rig.retries).toEqual([]);
  });
});

describe('max fail', () => {
  it('launches nothing more after that many failures, and leaves the rest for the next run', () => {
    const rig = new ScheduleRig({a: {}, b: {}, c: {}, d: {waiton: 'a'}}, {slots: 1, maxFail: 2});
    rig.set('c', 'COMPLETED/FAIL');
    expect(rig.schedule.hasStopped).toBe(false);
    rig.set('b', 'COMPLETED/ABORT');
    expect(rig.schedule.hasStopped).toBe(true);
    expect(rig.schedule.isDone).toBe(true);
    expect(rig.launched).toEqual(['c', 'b']);
    expect(rows(rig, 'a d')).toEqual(['NOT_STARTED/n/a', 'NOT_STARTED/n/a']);
    expect(rig.messages).toContain(
      'INFO: (0) 2 tests have failed: nothing more is launched, running tests go on',
    );
  });
});

describe('progress', () => {
  it('counts instances as they wait, run, pass and fail', () => {
    const rig = new ScheduleRig({w: {items: 'a b'}, t: {waiton: 'w'}}, {slots: 1});
    expect(rig.schedule.progress()).toEqual({total: 3, done: 0, running: 1, failed: 0});
    rig.set('w/a', 'COMPLETED/PASS');
    expect(rig.schedule.progress()).toEqual({total: 3, done: 1, running: 1, failed: 0});
    rig.set('w/b', 'COMPLETED/FAIL');
    expect(rig.schedule.progress()).toEqual({total: 3, done: 3, running: 0, failed: 2});
  });
});

describe('an explanation', () => {
  const items = {items: '1 2', mode: 'itemwait'};
  const area: WrittenArea = {
    w: {...items, jobgroup: 'db'},
    t: {...items, waiton: 'w'},
    u: {waiton: 't'},
    x: {waiton: 'y'},
    y: {waiton: 'x'},
    z: {retries: {count: 1, delayS: 5}},
  };

  it('says in a sentence what an instance waits for', () => {
    const rig = new ScheduleRig(area, {slots: 2, testPatt: 't,u,w,x,y,z'});
    expect(rig.launched).toEqual(['z', 'w/1']);
    const why = (name: string, item = '') => rig.schedule.explain(name, item);
    expect(why('w', '2')).toBe('w/2 may go and waits for a free slot (job group db)');
    expect(why('t', '1')).toBe('t/1 waits for w/1, which is LAUNCHED/n/a');
    expect(why('t', '2')).toBe('t/2 waits for w/2, which has not been launched yet');
    expect(why('u')).toBe('u waits for t, which has not been launched yet');
    expect(why('x')).toBe('x can never run: it waits for itself through its waitons');
    expect(why('t', 'none')).toBe(
      't/none is not part of this run: the pattern "t,u,w,x,y,z" does not want it, or there is no such item',
    );
    expect(why('v')).toBe('v is not part of this run: the pattern "t,u,w,x,y,z" does not want it');
    rig.set('z', 'COMPLETED/FAIL');
    expect(why('z')).toBe('z has ended with FAIL and is launched again after a pause (retry 1 of 1)');
    rig.set('w/1', 'COMPLETED/FAIL');
    expect(why('t', '1')).toBe(
      't/1 was not launched (PREQ_FAIL): it cannot run because w/1 ended with COMPLETED/FAIL',
    );
  });

  it('names what waits for an instance, or for a test as a whole', () => {
    const rig = new ScheduleRig(area, {slots: 2});
    expect(rig.schedule.explainDependants('w', '1')).toEqual(['t/1']);
    expect(rig.schedule.explainDependants('w', '')).toEqual(['t/1', 't/2']);
    expect(rig.schedule.explainDependants('t', '2')).toEqual(['u']);
    expect(rig.schedule.explainDependants('u', '')).toEqual([]);
  });
});

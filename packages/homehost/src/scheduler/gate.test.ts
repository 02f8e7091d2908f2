import type {Mode, StateStatus} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {
  type Gate,
  type ItemVerdict,
  judge,
  judgeItem,
  stronger,
  type Upstream,
  type Verdict,
} from './gate.ts';

function value(text: string): StateStatus {
  const slash = text.indexOf('/');
  return {state: text.slice(0, slash), status: text.slice(slash + 1)};
}

const nobodyElse = () => false;

/** A waiton that is not in the queue, whose parent row and needed item row are given. */
function upstream(parent: string, item?: string, rest: Partial<Upstream> = {}): Upstream {
  return {
    parent: value(parent),
    isDecided: true,
    hasActive: false,
    hasLaunched: true,
    mayStillStart: nobodyElse,
    item: item === undefined ? 'none' : judgeItem({...value(item), isDecided: true}, nobodyElse),
    ...rest,
  };
}

function verdictOf(modes: readonly Mode[], gate: Gate, waitons: readonly Upstream[]): Verdict {
  return waitons.reduce<Verdict>((result, waiton) => stronger(result, judge(modes, gate, waiton)), 'go');
}

describe('21.7 prerequisite gate', () => {
  it.each<[string, readonly Upstream[], Mode, Gate, Verdict]>([
    ['COMPLETED/PASS', [upstream('COMPLETED/PASS')], 'normal', 'whole', 'go'],
    ['COMPLETED/WARN', [upstream('COMPLETED/WARN')], 'normal', 'whole', 'go'],
    ['COMPLETED/CHECK', [upstream('COMPLETED/CHECK')], 'normal', 'whole', 'go'],
    ['COMPLETED/WAIVED', [upstream('COMPLETED/WAIVED')], 'normal', 'whole', 'go'],
    ['COMPLETED/SKIP', [upstream('COMPLETED/SKIP')], 'normal', 'whole', 'go'],
    ['COMPLETED/FAIL', [upstream('COMPLETED/FAIL')], 'normal', 'whole', 'fail'],
    ['RUNNING, an item passed', [upstream('RUNNING/PASS', 'COMPLETED/PASS')], 'normal', 'whole', 'wait'],
    ['ZERO_ITEMS', [upstream('NOT_STARTED/ZERO_ITEMS')], 'normal', 'whole', 'discard'],
    ['PREQ_FAIL', [upstream('NOT_STARTED/PREQ_FAIL')], 'normal', 'whole', 'discard'],
    ['FAIL', [upstream('COMPLETED/FAIL')], 'toplevel', 'whole', 'go'],
    ['KILLED', [upstream('KILLED/KILLED')], 'toplevel', 'whole', 'go'],
    ['KILLED', [upstream('KILLED/KILLED')], 'normal', 'whole', 'fail'],
    ['FAIL and RUNNING', [upstream('COMPLETED/FAIL'), upstream('RUNNING/n/a')], 'normal', 'whole', 'fail'],
    ['FAIL and RUNNING', [upstream('COMPLETED/FAIL'), upstream('RUNNING/n/a')], 'toplevel', 'whole', 'wait'],
    [
      'PREQ_FAIL and FAIL',
      [upstream('NOT_STARTED/PREQ_FAIL'), upstream('COMPLETED/FAIL')],
      'normal',
      'whole',
      'discard',
    ],
    ['RUNNING, item passed', [upstream('RUNNING/PASS', 'COMPLETED/PASS')], 'itemwait', 'item', 'go'],
    ['RUNNING, item runs', [upstream('RUNNING/PASS', 'RUNNING/n/a')], 'itemwait', 'item', 'wait'],
    ['RUNNING', [upstream('RUNNING/n/a')], 'itemwait', 'expansion', 'go'],
    ['FAIL, item passed', [upstream('COMPLETED/FAIL', 'COMPLETED/PASS')], 'itemwait', 'item', 'go'],
    ['FAIL, item failed', [upstream('COMPLETED/FAIL', 'COMPLETED/FAIL')], 'itemwait', 'item', 'fail'],
    ['PASS, no items', [upstream('COMPLETED/PASS')], 'itemwait', 'item', 'go'],
  ])('W is %s (%#)', (_, waitons, mode, gate, verdict) => {
    expect(verdictOf([mode], gate, waitons)).toBe(verdict);
  });
});

describe('the gate', () => {
  it.each<[string, Upstream, readonly Mode[], Gate, Verdict]>([
    [
      'never judges a waiton that waits in the queue',
      upstream('COMPLETED/FAIL', undefined, {isDecided: false}),
      ['normal'],
      'whole',
      'wait',
    ],
    [
      'not even in mode toplevel',
      upstream('COMPLETED/PASS', undefined, {isDecided: false}),
      ['toplevel'],
      'whole',
      'wait',
    ],
    [
      'waits for an item that is to be run again, whatever it was',
      upstream('COMPLETED/PASS', undefined, {item: 'undecided'}),
      ['itemwait'],
      'item',
      'wait',
    ],
    [
      'lets an item go whose waiton a user has forced to pass while its item runs',
      upstream('COMPLETED/PASS', 'RUNNING/n/a', {hasActive: true}),
      ['itemwait'],
      'item',
      'go',
    ],
    ['but not by CHECK', upstream('COMPLETED/CHECK', 'COMPLETED/FAIL'), ['itemwait'], 'item', 'fail'],
    ['fails an item when W ended badly without it', upstream('COMPLETED/FAIL'), ['itemwait'], 'item', 'fail'],
    [
      'does not open a mapped-to-nothing item while W runs',
      upstream('RUNNING/n/a'),
      ['itemwait'],
      'whole',
      'wait',
    ],
    [
      'opens when one of several modes does',
      upstream('COMPLETED/FAIL'),
      ['normal', 'toplevel'],
      'whole',
      'go',
    ],
    [
      'never blocks by a bad item with toplevel',
      upstream('RUNNING/FAIL', 'COMPLETED/FAIL', {hasActive: true}),
      ['toplevel', 'itemwait'],
      'item',
      'wait',
    ],
    [
      'discards by a dead end with toplevel too',
      upstream('NOT_STARTED/PREQ_FAIL'),
      ['toplevel', 'itemwait'],
      'whole',
      'discard',
    ],
    ['takes exclusive alone for normal', upstream('COMPLETED/PASS'), ['exclusive'], 'whole', 'go'],
    ['ignores exclusive', upstream('COMPLETED/FAIL'), ['normal', 'exclusive'], 'whole', 'fail'],
    ['counts INCOMPLETE as ended', upstream('INCOMPLETE/KILLED'), ['normal'], 'whole', 'fail'],
    ['takes ARCHIVED for COMPLETED', upstream('ARCHIVED/PASS'), ['normal'], 'whole', 'go'],
    ['waits for a kill that is under way', upstream('KILLREQ/n/a'), ['toplevel'], 'whole', 'wait'],
    ['discards by a row that has been removed', upstream('DELETED/n/a'), ['normal'], 'whole', 'discard'],
    [
      'waits for what another runner may start',
      upstream('NOT_STARTED/n/a', undefined, {mayStillStart: () => true}),
      ['normal'],
      'whole',
      'wait',
    ],
    [
      'but not for what it has blocked',
      upstream('NOT_STARTED/PREQ_FAIL', undefined, {mayStillStart: () => true}),
      ['normal'],
      'whole',
      'discard',
    ],
    [
      'does not take a half-done waiton of another runner for a dead end',
      upstream('NOT_STARTED/CHECK', undefined, {mayStillStart: () => true}),
      ['normal'],
      'whole',
      'wait',
    ],
    [
      'does not expand for a waiton that nobody moves',
      upstream('NOT_STARTED/n/a', undefined, {hasLaunched: false}),
      ['itemwait'],
      'expansion',
      'discard',
    ],
  ])('%s', (_, waiton, modes, gate, verdict) => {
    expect(judge(modes, gate, waiton)).toBe(verdict);
  });

  it.each<[ItemVerdict, ItemVerdict, ItemVerdict]>([
    ['go', 'none', 'go'],
    ['go', 'wait', 'wait'],
    ['undecided', 'wait', 'undecided'],
    ['fail', 'wait', 'fail'],
    ['fail', 'discard', 'discard'],
  ])('of %s and %s takes %s', (a, b, result) => {
    expect(stronger(a, b)).toBe(result);
    expect(stronger(b, a)).toBe(result);
  });
});

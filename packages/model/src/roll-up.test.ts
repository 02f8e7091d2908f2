import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type CountedGroup, rollUp, type StateStatus} from './roll-up.ts';
import {RollUpCounter} from './roll-up-counter.ts';
import {isRunning, STATES, STATUSES, stateRank, statusRank} from './states.ts';

/** `COMPLETED/PASS x2, RUNNING/n/a` as groups. */
function groups(text: string): readonly CountedGroup[] {
  return text.split(', ').map((part) => {
    const [, state = '', status = '', count = '1'] = /^([^/]+)\/(.*?)(?: x(\d+))?$/.exec(part) ?? [];
    return {state, status, count: Number(count)};
  });
}

function value(text: string): StateStatus {
  const slash = text.indexOf('/');
  return {state: text.slice(0, slash), status: text.slice(slash + 1)};
}

describe('21.6 roll-up', () => {
  it.each([
    ['COMPLETED/PASS x2', 'COMPLETED/PASS', 'COMPLETED/PASS'],
    ['COMPLETED/PASS, COMPLETED/WARN', 'COMPLETED/FAIL', 'COMPLETED/FAIL'],
    ['COMPLETED/PASS, COMPLETED/WARN', 'COMPLETED/WAIVED', 'COMPLETED/WAIVED'],
    ['COMPLETED/SKIP, COMPLETED/PASS', 'COMPLETED/PASS', 'COMPLETED/SKIP'],
    ['COMPLETED/ABORT, COMPLETED/FAIL', 'COMPLETED/PASS', 'COMPLETED/ABORT'],
    ['COMPLETED/STUCK/DEAD', 'COMPLETED/PASS', 'COMPLETED/STUCK/DEAD'],
    ['RUNNING/n/a, COMPLETED/FAIL', 'COMPLETED/PASS', 'RUNNING/FAIL'],
    ['NOT_STARTED/n/a x2', 'LAUNCHED/n/a', 'LAUNCHED/n/a'],
    ['NOT_STARTED/n/a, LAUNCHED/n/a', 'LAUNCHED/n/a', 'RUNNING/n/a'],
    ['REMOTEHOSTSTART/n/a', 'COMPLETED/PASS', 'RUNNING/PASS'],
    ['NOT_STARTED/n/a, COMPLETED/PASS', 'COMPLETED/PASS', 'NOT_STARTED/CHECK'],
    ['COMPLETED/PASS, NOT_STARTED/PREQ_FAIL', 'COMPLETED/PASS', 'COMPLETED/CHECK'],
    ['COMPLETED/PASS x5, NOT_STARTED/INCOMPLETE', 'COMPLETED/PASS', 'COMPLETED/CHECK'],
    ['RUNNING/n/a, NOT_STARTED/TEN_STRIKES', 'COMPLETED/PASS', 'RUNNING/CHECK'],
    ['COMPLETED/PASS x2', 'INCOMPLETE/FAIL', 'INCOMPLETE/FAIL'],
    ['COMPLETED/FORCED', 'COMPLETED/PASS', 'COMPLETED/PASS'],
    ['COMPLETED/PASS, NOT_STARTED/PREQ_FAIL', 'RUNNING/n/a', 'RUNNING/CHECK'],
    ['COMPLETED/PASS', 'NOT_STARTED/PREQ_FAIL', 'COMPLETED/CHECK'],
    ['COMPLETED/PASS, COMPLETED/DEAD', 'COMPLETED/PASS', 'COMPLETED/DEAD'],
    ['COMPLETED/PASS x2', 'KILLED/KILLED', 'KILLED/KILLED'],
    ['COMPLETED/PASS, DELETED/n/a', 'COMPLETED/PASS', 'COMPLETED/PASS'],
  ])('%s and then %s: %s', (others, current, parent) => {
    expect(rollUp(value(current), groups(others))).toEqual(value(parent));
  });
});

const anyState = fc.constantFrom(...STATES.map(({name}) => name), 'MINE');
const anyStatus = fc.constantFrom(...STATUSES.map(({name}) => name), 'na', 'FORCED');
const anyItem = fc.record({state: anyState, status: anyStatus});

function count(items: readonly StateStatus[]): readonly CountedGroup[] {
  return items.map((item) => ({...item, count: 1}));
}

describe('the roll-up', () => {
  it('does not depend on the order of the other items', () => {
    fc.assert(
      fc.property(anyItem, fc.array(anyItem), fc.infiniteStream(fc.nat()), (current, others, keys) => {
        const shuffled = others
          .map((item) => ({item, key: keys.next().value}))
          .sort((a, b) => a.key - b.key)
          .map(({item}) => item);
        expect(rollUp(current, count(shuffled))).toEqual(rollUp(current, count(others)));
      }),
    );
  });

  it('does not depend on which item changed last, but for texts of equal rank and for which state is called running', () => {
    fc.assert(
      fc.property(fc.array(anyItem, {minLength: 1}), fc.nat(), (items, pick) => {
        const results = [0, pick % items.length].map((index) =>
          rollUp(items[index] ?? {state: '', status: ''}, count(items.filter((_, other) => other !== index))),
        );
        const [a, b] = results.map(({state, status}) => ({
          state: isRunning(state) ? 'running' : stateRank(state),
          status: statusRank(status),
        }));
        expect(a).toEqual(b);
      }),
    );
  });

  it('shows a running state exactly as long as an item is running', () => {
    fc.assert(
      fc.property(anyItem, fc.array(anyItem), (current, others) => {
        const items = [current, ...others];
        const parent = rollUp(current, count(others));
        expect(isRunning(parent.state)).toBe(items.some(({state}) => isRunning(state)));
      }),
    );
  });

  it('kept by counters equals the one computed from scratch', () => {
    const change = fc.record({item: fc.nat({max: 5}), to: anyItem});
    fc.assert(
      fc.property(fc.array(change), (changes) => {
        const counter = new RollUpCounter();
        const items = new Map<number, StateStatus>();
        for (const {item, to} of changes) {
          const parent = counter.move(items.get(item), to);
          items.set(item, to);
          const others = [...items].filter(([index]) => index !== item).map(([, value]) => value);
          expect(parent).toEqual(rollUp(to, count(others)));
        }
        const total = counter.groups().reduce((sum, group) => sum + group.count, 0);
        expect(total).toBe(items.size);
      }),
    );
  });

  it('counters refuse to lose an item that they never had', () => {
    expect(() => new RollUpCounter().move(value('RUNNING/n/a'), value('COMPLETED/PASS'))).toThrow();
  });
});

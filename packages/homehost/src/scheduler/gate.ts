/**
 * The gate: may a test, or one of its instances, go, given its waitons (spec runs.md 6)? A pure function of what is known of the
 * waiton; the same rules serve the expansion gate (the test as a whole) and the instance gate.
 */
import {isDeadEndStatus, isEnded, isGood, isRunning, type Mode, type StateStatus} from '@megatest/model';

export type Verdict = 'go' | 'wait' | 'fail' | 'discard';

/** One upstream item, as the gate sees it. */
export type UpstreamItem = StateStatus & {
  /** The engine has decided about it: launched, left as it is, skipped or blocked. */
  readonly isDecided: boolean;
};

export type Upstream = {
  /** The parent row, or the only row of a test without items. */
  readonly parent: StateStatus;
  /** Nothing of it is waiting in this queue any more. */
  readonly isDecided: boolean;
  readonly hasActive: boolean;
  readonly hasLaunched: boolean;
  /** The items that the mapped path means; none when there is no such item. */
  readonly items: readonly UpstreamItem[];
};

export type Question = {
  readonly modes: readonly Mode[];
  /** Whether the waiting test has items. */
  readonly isIterated: boolean;
  readonly isExpansion: boolean;
  /** The mapped item path is empty: the parent row is meant. */
  readonly meansParent: boolean;
};

export function judge(question: Question, upstream: Upstream): Verdict {
  const verdicts = question.modes
    .filter((mode) => mode !== 'exclusive')
    .map((mode) => judgeMode(mode, question, upstream));
  if (verdicts.includes('go')) {
    return 'go';
  }
  if (verdicts.includes('wait')) {
    return 'wait';
  }
  return verdicts.includes('discard') ? 'discard' : 'fail';
}

function judgeMode(mode: Mode, question: Question, upstream: Upstream): Verdict {
  switch (mode) {
    case 'toplevel':
      return judgeToplevel(upstream);
    case 'itemwait':
    case 'itemmatch':
      if (!question.isIterated || (question.meansParent && !question.isExpansion)) {
        return judgeNormal(upstream);
      }
      return question.isExpansion ? judgeItemwaitExpansion(upstream) : judgeItem(upstream);
    default:
      return judgeNormal(upstream);
  }
}

function judgeNormal(upstream: Upstream): Verdict {
  if (!upstream.isDecided) {
    return 'wait';
  }
  const {state, status} = upstream.parent;
  if (isGood(state, status)) {
    return 'go';
  }
  if (isEnded(state)) {
    return 'fail';
  }
  return isDeadEnd(upstream.parent, upstream.hasActive) ? 'discard' : 'wait';
}

function judgeToplevel(upstream: Upstream): Verdict {
  if (!upstream.isDecided) {
    return 'wait';
  }
  if (isEnded(upstream.parent.state)) {
    return 'go';
  }
  return isDeadEnd(upstream.parent, upstream.hasActive) ? 'discard' : 'wait';
}

function judgeItemwaitExpansion(upstream: Upstream): Verdict {
  const {state} = upstream.parent;
  if (isRunning(state) || isEnded(state) || upstream.hasLaunched) {
    return 'go';
  }
  return upstream.isDecided && isDeadEnd(upstream.parent, upstream.hasActive) ? 'discard' : 'wait';
}

function judgeItem(upstream: Upstream): Verdict {
  const {parent, items} = upstream;
  if (parent.state === 'COMPLETED' && ['PASS', 'WARN', 'WAIVED', 'SKIP'].includes(parent.status)) {
    return 'go';
  }
  if (items.length === 0) {
    return judgeNormal(upstream);
  }
  if (items.every((item) => item.isDecided && isGood(item.state, item.status))) {
    return 'go';
  }
  const decided = items.filter((item) => item.isDecided);
  if (decided.some((item) => item.state === 'NOT_STARTED')) {
    return 'discard';
  }
  return decided.some((item) => isEnded(item.state) && !isGood(item.state, item.status)) ? 'fail' : 'wait';
}

/** A row that was decided, never started and has nothing active: it will not move by itself. */
function isDeadEnd(row: StateStatus, hasActive: boolean): boolean {
  return (
    row.state === 'NOT_STARTED' &&
    !hasActive &&
    (isDeadEndStatus(row.status) || row.status === 'n/a' || row.status === 'KEEP_TRYING')
  );
}

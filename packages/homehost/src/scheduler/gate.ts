/**
 * The gate: may a test, or one of its instances, go, given its waitons (spec runs.md 6)? A pure function of what is known of the
 * waiton; the same rules serve the expansion gate (the test as a whole) and the instance gate.
 */
import {
  isDeadEndStatus,
  isEnded,
  isGood,
  isRunning,
  type Mode,
  type StateStatus,
  unreachable,
} from '@megatest/model';

export type Verdict = 'go' | 'wait' | 'fail' | 'discard';
/** `none`: the waiton has no such item row; `undecided`: it still waits in this queue, so its row says nothing yet. */
export type ItemVerdict = Verdict | 'none' | 'undecided';

/** One upstream item row, as the gate sees it. */
export type UpstreamItem = StateStatus & {
  /** It does not wait in this queue: launched, left as it is, skipped or blocked. */
  readonly isDecided: boolean;
};

export type Upstream = {
  /** The parent row, or the only row of a test without items. */
  readonly parent: StateStatus;
  /** Nothing of it is waiting in this queue any more. */
  readonly isDecided: boolean;
  readonly hasActive: boolean;
  readonly hasLaunched: boolean;
  /** Whether somebody else may still start what never started: another live runner of the run. */
  readonly mayStillStart: () => boolean;
  /** What `judgeItem` says of the items that the mapped path means. */
  readonly item: ItemVerdict;
};

/**
 * What is asked of a waiton: whether the items of an iterated test may be looked at (`expansion`), or whether an instance may be
 * launched that needs certain items of it (`item`) or all of it (`whole`: no items, or an item path mapped to the empty one).
 */
export type Gate = 'expansion' | 'item' | 'whole';

/** A waiton in this state lets every item go: a user has forced it. */
const forcedStatuses = new Set(['PASS', 'WARN', 'WAIVED', 'SKIP']);

/** With several modes the first one that goes decides, and while one of them may still go nothing is blocked. */
export function judge(modes: readonly Mode[], gate: Gate, upstream: Upstream): Verdict {
  const [only] = modes;
  if (modes.length === 1 && only !== undefined && only !== 'exclusive') {
    return judgeMode(only, gate, upstream);
  }
  const deciding = modes.filter((mode) => mode !== 'exclusive');
  // `exclusive` alone, or no mode at all, means `normal` (spec runs.md 3.2).
  const verdicts =
    deciding.length === 0 ? [judgeNormal(upstream)] : deciding.map((mode) => judgeMode(mode, gate, upstream));
  return (['go', 'wait', 'discard'] as const).find((verdict) => verdicts.includes(verdict)) ?? 'fail';
}

/** From the strongest: all must go, a blocked one blocks at once, and `discard` beats `fail`. */
const strengths: readonly ItemVerdict[] = ['discard', 'fail', 'undecided', 'wait', 'go', 'none'];

/** The verdict of several waitons, or of several items of one of them. */
export function stronger<T extends ItemVerdict>(a: T, b: T): T {
  return strengths.indexOf(a) <= strengths.indexOf(b) ? a : b;
}

/** Whether an upstream item lets the items go that need it. */
export function judgeItem(item: UpstreamItem, mayStillStart: () => boolean): ItemVerdict {
  if (!item.isDecided) {
    return 'undecided';
  }
  if (isGood(item.state, item.status)) {
    return 'go';
  }
  if (isEnded(item.state)) {
    return 'fail';
  }
  return isDeadEnd(item, false, mayStillStart) ? 'discard' : 'wait';
}

/** Whether the parent row lets every item go, whatever its own items say. */
export function isForced({state, status}: StateStatus): boolean {
  return state === 'COMPLETED' && forcedStatuses.has(status);
}

function judgeMode(mode: Exclude<Mode, 'exclusive'>, gate: Gate, upstream: Upstream): Verdict {
  switch (mode) {
    case 'toplevel':
      return judgeToplevel(upstream);
    case 'itemwait':
    case 'itemmatch':
      switch (gate) {
        case 'expansion':
          return judgeExpansion(upstream);
        case 'item':
          return judgeNeededItem(upstream);
        case 'whole':
          return judgeNormal(upstream);
        default:
          return unreachable(gate);
      }
    case 'normal':
      return judgeNormal(upstream);
    default:
      return unreachable(mode);
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
  return isDeadEnd(upstream.parent, upstream.hasActive, upstream.mayStillStart) ? 'discard' : 'wait';
}

function judgeToplevel(upstream: Upstream): Verdict {
  if (!upstream.isDecided) {
    return 'wait';
  }
  if (isEnded(upstream.parent.state)) {
    return 'go';
  }
  return isDeadEnd(upstream.parent, upstream.hasActive, upstream.mayStillStart) ? 'discard' : 'wait';
}

/** Items may be looked at as soon as the waiton moves, whatever has been decided about it. */
function judgeExpansion(upstream: Upstream): Verdict {
  const {parent, hasActive, hasLaunched, isDecided, mayStillStart} = upstream;
  if (isRunning(parent.state) || isEnded(parent.state) || hasLaunched) {
    return 'go';
  }
  return isDecided && isDeadEnd(parent, hasActive, mayStillStart) ? 'discard' : 'wait';
}

function judgeNeededItem(upstream: Upstream): Verdict {
  if (upstream.item === 'none') {
    return judgeNormal(upstream);
  }
  if (upstream.item === 'undecided') {
    return 'wait';
  }
  return isForced(upstream.parent) ? 'go' : upstream.item;
}

/** A row that never started, that is not waiting in this queue and has nothing active: it will not move by itself. */
function isDeadEnd(row: StateStatus, hasActive: boolean, mayStillStart: () => boolean): boolean {
  if (row.state === 'DELETED') {
    return true;
  }
  if (row.state !== 'NOT_STARTED' || hasActive) {
    return false;
  }
  // CHECK on a row that never started is a roll-up of items of which some have not run yet: as good as no result.
  const isFinal = isDeadEndStatus(row.status) && row.status !== 'CHECK';
  return isFinal || !mayStillStart();
}

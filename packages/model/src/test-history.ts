/**
 * What the outcomes of a test in successive runs say about it: flaky, broken, fixed, slow (spec dashboard.md B5.8). An outcome is
 * `ok`, `bad`, or of neither class and then left out. Outcomes stand with the oldest first.
 */

export type Outcome = {
  readonly state: string;
  readonly status: string;
  /** Seconds. */
  readonly runDuration: number;
};

export type OutcomeClass = 'ok' | 'bad' | 'other';

export type Verdict = 'flaky' | 'broken' | 'fixed' | 'none';

export type HistoryScore<O extends Outcome> = {
  /** Outcomes that count. */
  readonly n: number;
  /** Neighbours of different class. */
  readonly flips: number;
  /** Flips among all pairs of neighbours, 0 to 1. */
  readonly score: number;
  readonly verdict: Verdict;
  /** Of a test that is broken: the first of the bad outcomes at the end. */
  readonly brokenSince: O | null;
  /** Of the ok outcomes before the last one, in seconds; `null` when there is none. */
  readonly median: number | null;
  /** Median absolute deviation from it. */
  readonly deviation: number | null;
  /** The last outcome took much longer than usual. */
  readonly isSlow: boolean;
  /** Seconds that bad outcomes took. */
  readonly lostS: number;
};

const okStatuses: ReadonlySet<string> = new Set(['PASS', 'WARN', 'WAIVED']);
const badStatuses: ReadonlySet<string> = new Set(['FAIL', 'ABORT', 'CHECK', 'DEAD', 'STUCK/DEAD', 'KILLED']);

const leastForFlaky = 5;
const leastFlips = 2;
const leastScore = 0.15;
/** So many outcomes at the end must agree before a test is broken or fixed. */
const settled = 3;
const slowRatio = 1.5;
const slowDeviations = 4;
const slowS = 10;

/** Whether an outcome is part of a history at all. */
export function isOutcome(state: string): boolean {
  return state === 'COMPLETED' || state === 'ARCHIVED';
}

export function outcomeClass({state, status}: Pick<Outcome, 'state' | 'status'>): OutcomeClass {
  if (!isOutcome(state)) {
    return 'other';
  }
  return okStatuses.has(status) ? 'ok' : badStatuses.has(status) ? 'bad' : 'other';
}

export function scoreHistory<O extends Outcome>(outcomes: readonly O[]): HistoryScore<O> {
  const counted = outcomes.filter((outcome) => outcomeClass(outcome) !== 'other');
  const isBad = counted.map((outcome) => outcomeClass(outcome) === 'bad');
  const n = counted.length;
  const flips = isBad.filter((bad, index) => index > 0 && bad !== isBad[index - 1]).length;
  const score = n < 2 ? 0 : flips / (n - 1);
  const verdict = verdictOf(isBad, flips, score);
  const duration = durationOf(counted);
  return {
    n,
    flips,
    score,
    verdict,
    brokenSince: verdict === 'broken' ? (counted[isBad.lastIndexOf(false) + 1] ?? null) : null,
    ...duration,
    lostS: counted.reduce((sum, {runDuration}, index) => sum + (isBad[index] === true ? runDuration : 0), 0),
  };
}

function verdictOf(isBad: readonly boolean[], flips: number, score: number): Verdict {
  if (isBad.length >= leastForFlaky && flips >= leastFlips && score >= leastScore) {
    return 'flaky';
  }
  const last = isBad.slice(-settled);
  if (last.length < settled) {
    return 'none';
  }
  if (last.every((bad) => bad)) {
    return 'broken';
  }
  const isFixed = last.every((bad) => !bad) && (flips === 1 || flips === 2);
  return isFixed ? 'fixed' : 'none';
}

function durationOf(
  counted: readonly Outcome[],
): Pick<HistoryScore<Outcome>, 'median' | 'deviation' | 'isSlow'> {
  const last = counted.at(-1);
  const before = counted
    .slice(0, -1)
    .filter((outcome) => outcomeClass(outcome) === 'ok')
    .map(({runDuration}) => runDuration);
  const median = medianOf(before);
  if (median === null || last === undefined) {
    return {median: null, deviation: null, isSlow: false};
  }
  const deviation = medianOf(before.map((seconds) => Math.abs(seconds - median))) ?? 0;
  const {runDuration} = last;
  const isSlow =
    runDuration > slowRatio * median &&
    runDuration > median + slowDeviations * deviation &&
    runDuration - median > slowS;
  return {median, deviation, isSlow};
}

function medianOf(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) {
    return null;
  }
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

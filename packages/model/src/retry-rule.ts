/**
 * `[requirements] retries N [DELAY]`: how often a failed instance is launched again within one run, and how long to wait before
 * (new; not to be confused with the retry pass of runs.md 7.7, which repeats what never got a result).
 */
import {parseDuration} from './duration.ts';

export type RetryRule = {
  /** Launches after the first one. */
  readonly count: number;
  /** Pause before the first of them; each later one is twice as long. */
  readonly delayS: number;
};

const defaultDelayS = 10;
/** A test that fails again and again does not come more seldom than this. */
const maxDelayS = 3600;

/** Where the files of an attempt that did not stand are kept, below the run directory; attempts are counted from 1. */
export function attemptDirectory(attempt: number): string {
  return `attempts/${attempt}`;
}

/** `undefined` when the text is not of the form `3` or `3 30s`. */
export function parseRetryRule(text: string): RetryRule | undefined {
  const [, digits, delay] = /^(\d+)(?:\s+(.+))?$/.exec(text.trim()) ?? [];
  const delayS = delay === undefined ? defaultDelayS : parseDuration(delay);
  return digits === undefined || delayS === undefined ? undefined : {count: Number(digits), delayS};
}

/** Seconds to wait before the retry with this number, which counts from 1. */
export function retryDelayS(rule: RetryRule, retry: number): number {
  return Math.min(maxDelayS, rule.delayS * 2 ** (retry - 1));
}

/**
 * Which jobs wait for which (spec mtutil.md 15.4): by target and run name, each of which may be a pattern where the action takes one.
 *
 * Most actions start whatever else goes on. A job that runs tests waits for an earlier removal of the same run, and archiving waits
 * for everything of its run.
 */
import {isPattern} from '@megatest/model';

/** What has a place in the order of a run: a job that has not ended, or a driver. */
export type Held = {
  readonly kind: 'job' | 'driver';
  readonly id: number;
  readonly action: string;
  readonly target: string;
  readonly runName: string;
  /** Handed out, or at work. */
  readonly isActive: boolean;
};

/** What `job` has to wait for; `undefined` when it may start. */
export function conflictOf(job: Held, all: readonly Held[]): Held | undefined {
  const others = all.filter((other) => !(other.kind === job.kind && other.id === job.id));
  if (job.action === 'run' || job.action.startsWith('rerun')) {
    return others.find(
      (other) =>
        other.action === 'remove' && (other.isActive || other.id < job.id) && concernSameRun(job, other),
    );
  }
  if (job.action === 'archive') {
    return others.find((other) => other.isActive && concernSameRun(job, other));
  }
  return undefined;
}

/** Whether two keys may mean the same run: one may be a pattern for the other. What names no run concerns none. */
export function concernSameRun(
  one: Pick<Held, 'target' | 'runName'>,
  other: Pick<Held, 'target' | 'runName'>,
): boolean {
  return (
    one.runName !== '' &&
    other.runName !== '' &&
    mayMean(one.runName, other.runName) &&
    mayMeanTarget(one.target, other.target)
  );
}

/** A target is matched part by part, as everywhere. */
function mayMeanTarget(one: string, other: string): boolean {
  const [parts, otherParts] = [one.split('/'), other.split('/')];
  return (
    parts.length === otherParts.length && parts.every((part, index) => mayMean(part, otherParts[index] ?? ''))
  );
}

/** Two patterns: whether they can mean the same is not worth finding out, so they may. */
function mayMean(one: string, other: string): boolean {
  if (isPattern(one) && isPattern(other)) {
    return true;
  }
  return one === other || (isPattern(one) ? matches(one, other) : isPattern(other) && matches(other, one));
}

/** As the database matches: LIKE with a `%`, in which `_` is any character and case does not count; else GLOB. */
function matches(pattern: string, text: string): boolean {
  const isLike = pattern.includes('%');
  const source = isLike
    ? escaped(pattern).replaceAll('%', '.*').replaceAll('_', '.')
    : pattern.replace(
        /\[(\^?)([^\]]+)\]|[\\^$.+(){}|[\]*?]/g,
        (found, not: string, set: string | undefined) =>
          set !== undefined
            ? `[${not}${set.replaceAll('\\', '\\\\')}]`
            : found === '*'
              ? '.*'
              : found === '?'
                ? '.'
                : `\\${found}`,
      );
  return new RegExp(`^${source}$`, isLike ? 'is' : 's').test(text);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

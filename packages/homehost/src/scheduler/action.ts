/** What a schedule asks its driver to do, and the texts of what blocks a test (spec runs.md 6, 7.6). */
import type {PlannedItem} from '@megatest/model';

export type Action =
  /** Items come from a command: ask a manager, then call `expanded`. */
  | {readonly kind: 'expand'; readonly testName: string; readonly testDir: string}
  /** Make these rows, then call `registered`. */
  | {readonly kind: 'register'; readonly testName: string; readonly items: readonly PlannedItem[]}
  /** Write NOT_STARTED with this status to a row. */
  | {
      readonly kind: 'block';
      readonly testName: string;
      readonly itemPath: string;
      readonly status: BlockedStatus;
      readonly comment: string;
    }
  /** Call `retryDue` after the delay. */
  | {
      readonly kind: 'retry';
      readonly testName: string;
      readonly itemPath: string;
      readonly delayS: number;
    }
  | {readonly kind: 'message'; readonly level: number; readonly text: string};

export type BlockedStatus = 'PREQ_FAIL' | 'PREQ_DISCARDED' | 'ZERO_ITEMS' | 'TIMED_OUT';

const comments: Readonly<Record<BlockedStatus, string>> = {
  PREQ_FAIL: 'Failed to run due to failed prerequisites',
  PREQ_DISCARDED: 'Failed to run due to prior failed prerequisites',
  ZERO_ITEMS: 'Failed to run due to failed prerequisites',
  TIMED_OUT: 'Nothing seen running in a while.',
};

export function block(testName: string, itemPath: string, status: BlockedStatus): Action {
  return {kind: 'block', testName, itemPath, status, comment: comments[status]};
}

export function blockedStatus(verdict: 'fail' | 'discard'): BlockedStatus {
  return verdict === 'fail' ? 'PREQ_FAIL' : 'PREQ_DISCARDED';
}

export function message(level: number, text: string): Action {
  return {kind: 'message', level, text: level === 0 ? text : `INFO: (${level}) ${text}`};
}

/** More notes of one test than this that nobody sees by default are counted instead of written out. */
const namedNotes = 20;

export type Note = {readonly level: number; readonly text: string};

/** The notes about the instances of one test that are left as they are. */
export function noteActions(testName: string, all: readonly Note[]): readonly Action[] {
  const quiet = all.filter(({level}) => level > 1);
  const text = `NOTE: ${quiet.length} items of ${testName} are left as they are: completed, or already running`;
  const said = quiet.length <= namedNotes ? all : [...all.filter(({level}) => level <= 1), {level: 2, text}];
  return said.map((note) => ({kind: 'message', level: note.level, text: note.text}));
}

/** What became of a test between two runs (spec dashboard.md A7). */

export type ComparisonState =
  | 'CLEAN'
  | 'DIRTY-BETTER'
  | 'DIRTY-WORSE'
  | 'BOTH-BAD'
  | 'DIFF-NEW'
  | 'DIFF-MISSING';

export type Comparison = {
  readonly state: ComparisonState;
  readonly status: string;
  /** What is shown of it. */
  readonly text: string;
  /** Which record it leads to. */
  readonly side: 'src' | 'dest';
};

type Compared = {readonly state: string; readonly status: string} | undefined;

const incomplete: readonly string[] = ['DELETED', 'INCOMPLETE', 'STUCK/DEAD', 'N/A'];
/** Best first; all others are worse, and equal among themselves. */
const ranking: readonly string[] = ['PASS', 'WARN', 'WAIVED', 'SKIP', 'FAIL', 'ABORT'];

/** Of the records of one test in both runs; `undefined` where a run does not have it. At least one is there. */
export function compareRecords(src: Compared, dest: Compared): Comparison {
  const side = dest === undefined ? 'src' : 'dest';
  if (!isComplete(src)) {
    return isComplete(dest)
      ? {state: 'DIFF-NEW', status: 'SRC-INCOMPLETE', text: 'DIFF-NEW', side}
      : {state: 'BOTH-BAD', status: 'BOTH-INCOMPLETE', text: 'BOTH-INCOMPLETE', side};
  }
  if (!isComplete(dest)) {
    return {state: 'DIFF-MISSING', status: 'DEST-INCOMPLETE', text: 'DIFF-MISSING', side: 'src'};
  }
  if (src.status === dest.status) {
    const text = `CLEAN-${src.status}`;
    return {state: 'CLEAN', status: text, text, side};
  }
  const text = `${src.status}->${dest.status}`;
  const state = rank(src.status) < rank(dest.status) ? 'DIRTY-WORSE' : 'DIRTY-BETTER';
  return {state, status: text, text, side};
}

function isComplete(record: Compared): record is NonNullable<Compared> {
  return (
    record !== undefined &&
    (record.state === 'COMPLETED' || record.state === 'ARCHIVED') &&
    !incomplete.includes(record.status)
  );
}

function rank(status: string): number {
  const place = ranking.indexOf(status);
  return place < 0 ? ranking.length : place;
}

/** The first row that matches decides (spec dashboard.md A4.2). */
export const COMPARISON_COLOURS: readonly {
  readonly state: ComparisonState;
  /** `undefined`: any other. */
  readonly statuses?: readonly string[];
  readonly background: string;
  readonly text: 'black' | 'white';
}[] = [
  {
    state: 'CLEAN',
    statuses: ['CLEAN-FAIL', 'CLEAN-CHECK', 'CLEAN-ABORT'],
    background: '#C8820D',
    text: 'black',
  },
  {state: 'CLEAN', background: '#3CEB3F', text: 'black'},
  {state: 'DIRTY-BETTER', background: '#A0FF99', text: 'black'},
  {state: 'DIRTY-WORSE', background: '#A52A2A', text: 'white'},
  {state: 'BOTH-BAD', background: '#B42131', text: 'white'},
  {state: 'DIFF-NEW', background: '#C0C0C0', text: 'black'},
  {state: 'DIFF-MISSING', background: '#C0C0C0', text: 'black'},
];

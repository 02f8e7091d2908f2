/**
 * Comments and values of tests that are too long are cut, and the log of the daemon says so: to refuse them would cost a test its
 * result, and a manager that reports them its journal (spec homehost.md 8.4).
 */
import type {DataValues} from '@megatest/model';
import type {ReportEntry} from '@megatest/rpc';
import type {TestUpdate} from '@megatest/store';

/** Bytes of one comment or value. */
export const TEXT_BYTES = 64 * 1024;
/** Bytes that one UTF-16 unit takes at most: what is shorter need not be measured. */
const mostBytesOfUnit = 3;

export type CutText = <T extends string | number | undefined>(what: string, value: T) => T;

export function cutTexts(warn: (text: string) => void): CutText {
  return <T extends string | number | undefined>(what: string, value: T): T => {
    if (typeof value !== 'string' || value.length * mostBytesOfUnit <= TEXT_BYTES) {
      return value;
    }
    const bytes = Buffer.from(value);
    if (bytes.length <= TEXT_BYTES) {
      return value;
    }
    let end = TEXT_BYTES;
    // Not in the midst of a character.
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) {
      end -= 1;
    }
    warn(`${what} has ${bytes.length} bytes: cut to the first ${end}`);
    return bytes.toString('utf8', 0, end) as T;
  };
}

export function cutRow<T extends DataValues>(cut: CutText, testId: number, row: T): T {
  const of = (what: string) => `${what} of ${row.category}/${row.variable} of test ${testId}`;
  return {
    ...row,
    value: cut(of('the value'), row.value),
    expected: cut(of('the expected value'), row.expected),
    tol: cut(of('the tolerance'), row.tol),
    comment: cut(of('the comment'), row.comment),
  };
}

export function cutUpdate(cut: CutText, testId: number, set: TestUpdate): TestUpdate {
  return Object.fromEntries(
    Object.entries(set).map(([name, value]) => [name, cut(`${name} of test ${testId}`, value)]),
  );
}

export function cutEntry(cut: CutText, entry: ReportEntry): ReportEntry {
  const {testId} = entry;
  switch (entry.type) {
    case 'launchFailed':
      return {...entry, reason: cut(`the reason why test ${testId} was not launched`, entry.reason)};
    case 'skipped':
    case 'state':
    case 'ended':
      return {...entry, comment: cut(`the comment of test ${testId}`, entry.comment)} as ReportEntry;
    case 'step':
      return {
        ...entry,
        comment: cut(`the comment of step ${entry.stepName} of test ${testId}`, entry.comment),
      };
    case 'update':
      return {...entry, set: cutUpdate(cut, testId, entry.set) as typeof entry.set};
    case 'data':
      return {...entry, rows: entry.rows.map((row) => cutRow(cut, testId, row))};
    case 'launched':
    case 'launchLost':
    case 'claimed':
      return entry;
  }
}

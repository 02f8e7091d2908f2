/**
 * Comments and values of what a test hands in that are too long are cut: to refuse them would cost a test its result, and a manager that
 * reports them its journal (spec homehost.md 8.4).
 */
import type {DataValues} from '@megatest/model';
import type {JournalEntry, ReportEntry} from '@megatest/rpc';
import type {TestUpdate} from '@megatest/store';
import {fitsWhole} from './cut-text.ts';

/** `what` is for the log, which tells what was cut. */
export type CutText = <T extends string | number | undefined>(what: string, value: T) => T;

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

export function cutEntry(cut: CutText, entry: JournalEntry): JournalEntry {
  return 'testId' in entry && mayHoldLongText(entry) ? cutReport(cut, entry) : entry;
}

/** Nearly none does: what would be said of each text is only made where it may be needed. */
function mayHoldLongText(value: unknown): boolean {
  return typeof value === 'string'
    ? !fitsWhole(value)
    : typeof value === 'object' && value !== null && Object.values(value).some(mayHoldLongText);
}

function cutReport(cut: CutText, entry: ReportEntry): ReportEntry {
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

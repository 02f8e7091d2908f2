/** The date of `expires:` (spec logpro.md 5.3). */
import {SchemeError} from '@megatest/scheme';

export type ExpiryDate = {readonly year: number; readonly month: number; readonly day: number};

/** Throws a `SchemeError` for three numbers that are no date. */
export function parseExpiry(text: string): ExpiryDate | 'not a date' {
  const found = /^(\d+)\/(\d+)\/(\d+)$/.exec(text);
  if (found === null) {
    return 'not a date';
  }
  const [, month = 0, day = 0, year = 0] = found.map(Number);
  if (month < 1 || month > 12 || day < 1 || day > 31) {
    throw new SchemeError(`expires: ${text} is no date, it should be MM/DD/YYYY`);
  }
  return {year, month, day};
}

/** Whether the local midnight at the start of that day is over. A day that its month does not have lies in the next one. */
export function hasPassed({year, month, day}: ExpiryDate, now: Date): boolean {
  const start = new Date(2000, 0, 1);
  // The constructor would take the year 31 for 1931.
  start.setFullYear(year, month - 1, day);
  return now >= start;
}

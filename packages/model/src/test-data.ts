/** Measured values that a test hands in: CSV lines and single values as rows, with the status that follows (spec execution.md 16.2). */

/** One measured value, and what was expected of it. */
export type DataValues = {
  readonly category: string;
  readonly variable: string;
  readonly value: number | string;
  readonly expected: number | string;
  readonly tol: number | string;
  readonly units: string;
  readonly comment: string;
  readonly status: string;
  readonly type: string;
};

/** `category,variable,value,expected,tol,units,comment,status,type` on each line; empty lines are passed over. */
export function parseCsv(text: string): readonly DataValues[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [
        category = '',
        variable = '',
        value = '',
        expected,
        tol,
        units = '',
        comment = '',
        status,
        type = '',
      ] = splitCsv(line);
      const row = {value: toDatum(value), expected: toDatum(expected ?? ''), tol: toDatum(tol ?? '')};
      return {
        category,
        variable,
        ...row,
        units,
        comment,
        status: statusOf(row, tol !== undefined, status),
        type,
      };
    });
}

/** One value given by options (`-set-values`). */
export function singleValue(
  fields: Readonly<
    Record<'category' | 'variable' | 'value' | 'expected' | 'tol' | 'units' | 'comment', string>
  >,
): DataValues {
  const row = {value: toDatum(fields.value), expected: toDatum(fields.expected), tol: toDatum(fields.tol)};
  return {...fields, ...row, status: statusOf(row, true, undefined), type: ''};
}

/** What follows is passed over. */
const fieldCount = 9;

function splitCsv(line: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length && fields.length < fieldCount) {
    const rest = line.slice(at);
    const quoted = /^\s*"((?:[^"]|"")*)"\s*(?:,|$)/.exec(rest);
    if (quoted !== null) {
      fields.push((quoted[1] ?? '').replaceAll('""', '"'));
      at += quoted[0].length;
      if (!quoted[0].endsWith(',')) {
        break;
      }
      continue;
    }
    const comma = rest.indexOf(',');
    fields.push((comma < 0 ? rest : rest.slice(0, comma)).trim());
    if (comma < 0) {
      break;
    }
    at += comma + 1;
  }
  return fields;
}

/** A number where the whole text is one. */
export function toDatum(text: string): number | string {
  const trimmed = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed) ? Number(trimmed) : trimmed;
}

function statusOf(
  row: {readonly value: number | string; readonly expected: number | string; readonly tol: number | string},
  hasTolerance: boolean,
  given: string | undefined,
): string {
  if (given !== undefined && given !== '' && given !== 'n/a') {
    return given;
  }
  const {value, expected, tol} = row;
  if (typeof value !== 'number' || typeof expected !== 'number' || !hasTolerance) {
    return 'n/a';
  }
  if (typeof tol === 'number') {
    return value >= expected - tol && value <= expected + tol ? 'pass' : 'fail';
  }
  switch (tol) {
    case '>':
      return value > expected ? 'pass' : 'fail';
    case '<':
      return value < expected ? 'pass' : 'fail';
    case '>=':
      return value >= expected ? 'pass' : 'fail';
    case '<=':
      return value <= expected ? 'pass' : 'fail';
    default:
      return `ERROR: bad tol comparator ${tol}`;
  }
}

/** Measured values of a step as logpro's `.dat` file holds them (spec execution.md 16.3). */
import {type DataValues, toDatum} from '@megatest/model';

export type DatFile = {readonly rows: readonly DataValues[]; readonly comment: string | undefined};

/** Rows and step comment of a `.dat` file; `category` is the step's name. */
export function parseDat(text: string, category: string): DatFile {
  const sections = new Map<string, Map<string, string>>();
  let current: Map<string, string> | undefined;
  for (const line of text.split('\n')) {
    const header = /^\[(.+)\]$/.exec(line);
    const entry = /^(\S+)\s(.*)$/.exec(line);
    if (header !== null) {
      current = new Map();
      sections.set(header[1] ?? '', current);
    } else if (entry !== null) {
      current?.set(entry[1] ?? '', entry[2] ?? '');
    }
  }
  const rows = [...sections].map(([name, values]): DataValues => {
    const get = (key: string) => values.get(key) ?? 'n/a';
    if (name === 'final') {
      return {
        category,
        variable: 'final',
        value: toDatum(get('exit-code')),
        expected: 0,
        tol: 0,
        units: 'n/a',
        comment: values.get('message') ?? '',
        status: get('exit-status'),
        type: 'logpro',
      };
    }
    return {
      category,
      variable: name,
      value: toDatum(get('measured')),
      expected: toDatum(get('expected')),
      tol: toDatum(get('tolerance')),
      units: 'n/a',
      comment: values.get('comment') ?? get('desc'),
      status: get('status'),
      type: get('type'),
    };
  });
  const final = sections.get('final');
  const status = final?.get('exit-status');
  const comment =
    status === undefined
      ? undefined
      : status === 'PASS'
        ? 'PASS'
        : `${status}: ${final?.get('message') ?? 'no message'}`;
  return {rows, comment};
}

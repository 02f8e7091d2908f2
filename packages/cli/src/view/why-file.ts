/** Why the result of a test is what it is, as its execution left it beside the log. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';

export type Why = {
  readonly step: string;
  readonly log: string;
  readonly exit: string;
  readonly lines: readonly {readonly line: number; readonly text: string; readonly rule: string}[];
};

/** `undefined` when there is none, or none that this version can read; the run directory may not be visible from this host. */
export function readWhy(rundir: string): Why | undefined {
  try {
    const why = JSON.parse(readFileSync(join(rundir, '.mt/why.json'), 'utf8')) as Why;
    const hasTexts = [why.step, why.log, why.exit].every(isText);
    const hasLines = why.lines.every(
      ({line, text, rule}) => Number.isFinite(line) && [text, rule].every(isText),
    );
    return hasTexts && hasLines ? why : undefined;
  } catch {
    return undefined;
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

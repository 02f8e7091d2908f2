/** Reads the worked examples of the specification, which stand in worked-examples.txt as they stand there. */
import {readFileSync} from 'node:fs';

export type WorkedExample = {
  readonly number: string;
  readonly title: string;
  readonly rules: string;
  readonly log: string;
  /** `r0@S=1`, and for value rules with what was measured. */
  readonly counts: readonly ExpectedCount[];
  readonly exitCode: number;
  readonly status: string;
  readonly message: string | undefined;
  /** When the example takes place. */
  readonly now: Date;
};

export type ExpectedCount = {
  readonly rule: number;
  readonly section: string | undefined;
  readonly hits: number;
  readonly values: {readonly passed: number; readonly failed: number; readonly measured: string} | undefined;
};

export const exampleText = readFileSync(new URL('worked-examples.txt', import.meta.url), 'utf8');

/** Those with a letter E; the others do not fit the scheme and have tests of their own. */
export function workedExamples(): readonly WorkedExample[] {
  return exampleText
    .split(/\n\n(?=\w)/)
    .filter((block) => block.startsWith('E'))
    .map(parseExample);
}

function parseExample(block: string): WorkedExample {
  const [, number = '', title = ''] = /^(E\d+) (.*)/.exec(block) ?? [];
  const rules = /^E.*\n([\s\S]*?) {4}log: /.exec(block)?.[1] ?? '';
  const log = / {4}log: {2}(.*)/.exec(block)?.[1] ?? '';
  const [, counts = '', exitCode = '', status = '', message] =
    /=> +counts (.*?); exit (\d) (\w+)(?:; message "(.*)")?/.exec(block) ?? [];
  return {
    number,
    title,
    rules,
    log: parseLog(log),
    counts: [
      ...counts.matchAll(/r(\d+)(?:@(\w+))?=(\d+)(?: \(pass (\d+), fail (\d+), measured (.*?)\))?(?=, r|$)/g),
    ].map(parseCount),
    exitCode: Number(exitCode),
    status,
    message,
    now: parseNow(block),
  };
}

function parseLog(text: string): string {
  if (text === '(empty)') {
    return '';
  }
  return `${text.replaceAll(' | ', '\n').replaceAll('\\r', '\r')}\n`.replace(/\r\n$/, '\r');
}

function parseCount(found: RegExpMatchArray): ExpectedCount {
  const [, rule, section, hits, passed, failed, measured = ''] = found;
  const values =
    passed === undefined ? undefined : {passed: Number(passed), failed: Number(failed), measured};
  return {rule: Number(rule), section, hits: Number(hits), values};
}

function parseNow(block: string): Date {
  const day = /note: today (\d{4})-(\d\d)-(\d\d)/.exec(block);
  if (day !== null) {
    return new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3]));
  }
  return /note: now 2026-03-01 00:00:01/.test(block) ? new Date(2026, 2, 1, 0, 0, 1) : new Date(2026, 0, 1);
}

/**
 * What logpro said of the lines of a log, read from the report that it has written beside it: one line of the report for each line
 * of the log, those that counted as links with the kind of their rule (spec logpro.md 11.2, dashboard.md B5.9). Reports of older
 * versions have a colour instead of a kind.
 */
import {type LogMark, MARK_TYPES, type MarkOverview, type MarkType} from '@megatest/rpc';
import type {LineFile} from './line-file.ts';

const byColour: Readonly<Record<string, MarkType>> = {
  red: 'error',
  crimson: 'abort',
  pink: 'check',
  orange: 'warning',
  purple: 'required',
  '#d1db64': 'skip',
  brown: 'waive',
  green: 'ignore',
  blue: 'value',
  darkyellow: 'note',
  navy: 'trigger',
};

/** An overview has room for so many, and looks at so much of a report. */
const mostMarks = 10_000;
const overviewLines = 1_000_000;
/** Lines that are looked at together, if they are not too long. */
const together = 5000;
/** The lines of the log begin at the latest here. */
const headLines = 200;

const markedLine = /^<a name="([^"]*)"><\/a><a href="[^"]*"[^>]*?(?: class="([\w-]+)|color: *([#\w]+))/;

/** The mark in one line of a report. */
export function markIn(text: string, line: number): LogMark | undefined {
  const [, name = '', kind, colour] = markedLine.exec(text) ?? [];
  const type =
    kind === undefined
      ? byColour[colour?.toLowerCase() ?? '']
      : MARK_TYPES.find((candidate) => candidate === kind);
  if (type === undefined) {
    return undefined;
  }
  const rule = /^key_(\d+)_/.exec(name)?.[1];
  return {line, type, rule: rule === undefined ? null : Number(rule)};
}

export class LogMarks {
  readonly #report: LineFile;
  /** Lines of the report before the first one of the log. */
  readonly #head: number;

  private constructor(report: LineFile, head: number) {
    this.#report = report;
    this.#head = head;
  }

  /** `undefined` for a file that is no report. */
  static async of(report: LineFile): Promise<LogMarks | undefined> {
    const {lines} = await report.read(1, headLines);
    const at = lines.findIndex((line) => /<pre>$/.test(line));
    const isReport = at >= 0 && lines.some((line) => line.includes('LOGPRO RESULTS'));
    return isReport ? new LogMarks(report, at + 1) : undefined;
  }

  /** Of `count` lines from number `from` on. */
  async within(from: number, count: number): Promise<readonly LogMark[]> {
    return (await this.#read(from, count)).marks;
  }

  async overview(): Promise<MarkOverview> {
    const marks: LogMark[] = [];
    for (let from = 1; from < overviewLines && marks.length < mostMarks; ) {
      const part = await this.#read(from, together);
      marks.push(...part.marks);
      if (part.isLast) {
        return {marks: marks.slice(0, mostMarks), isWhole: marks.length <= mostMarks};
      }
      from += part.count;
    }
    return {marks: marks.slice(0, mostMarks), isWhole: false};
  }

  async close(): Promise<void> {
    await this.#report.close();
  }

  async #read(from: number, count: number) {
    const {lines} = await this.#report.read(this.#head + from, count);
    const end = lines.findIndex((line) => line.startsWith('<a name="summary">'));
    const ofLog = end < 0 ? lines : lines.slice(0, end);
    const marks = ofLog.flatMap((text, index) => markIn(text, from + index) ?? []);
    return {marks, count: ofLog.length, isLast: end >= 0 || lines.length === 0};
  }
}

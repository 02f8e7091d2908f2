/** Collects problems: each once, with the line it is about, in the order of the files. */
import {readFileSync} from 'node:fs';
import type {Place} from '@megatest/model';
import type {Entry, Origin} from '../config.ts';
import {PROBLEM_KINDS, type Problem, type ProblemCode, type Severity} from './problem.ts';

export type ProblemOptions = {
  readonly hint?: string | undefined;
  /** In place of that of the kind. */
  readonly severity?: Severity | undefined;
};

/** More problems than this are not listed: then something else is wrong. */
const maxProblems = 5000;
/** A longer line is cut in a listing. */
const maxShownLine = 240;

export class ProblemList {
  readonly #problems = new Map<string, Problem>();
  readonly #files = new Map<string, readonly string[]>();

  add(code: ProblemCode, where: Place | Origin, message: string, options: ProblemOptions = {}): void {
    const {hint, severity = PROBLEM_KINDS[code].severity} = options;
    const place = this.#place(where);
    this.addProblem({code, severity, message, place, ...(hint === undefined ? {} : {hint})});
  }

  addProblem(problem: Problem): void {
    const {file, line = 0, column = 0} = problem.place;
    const id = `${file}\0${line}\0${column}\0${problem.code}\0${problem.message}`;
    if (this.#problems.size < maxProblems && !this.#problems.has(id)) {
      this.#problems.set(id, problem);
    }
  }

  /** By file in the order in which they were met, then by line. */
  get problems(): readonly Problem[] {
    const order = new Map<string, number>();
    for (const {place} of this.#problems.values()) {
      if (!order.has(place.file)) {
        order.set(place.file, order.size);
      }
    }
    return [...this.#problems.values()].sort(
      (a, b) =>
        (order.get(a.place.file) ?? 0) - (order.get(b.place.file) ?? 0) ||
        (a.place.line ?? 0) - (b.place.line ?? 0) ||
        (a.place.column ?? 0) - (b.place.column ?? 0),
    );
  }

  /** Where a word of a value stands; the value's own place when it came from somewhere else than the line. */
  wordPlace(entry: Entry, word: string): Place {
    const {file, line, column} = entry.origin;
    const lines = this.#linesOf(file);
    const last = line + entry.value.split('\n').length + 1;
    const wanted = new RegExp(`(?<![^\\s,])${word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}(?![^\\s,])`);
    for (let number = line; number <= Math.min(last, lines.length); number += 1) {
      const from = number === line ? column - 1 : 0;
      const text = lines[number - 1] ?? '';
      const at = text.slice(from).search(wanted);
      if (at >= 0) {
        return {file, line: number, column: from + at + 1};
      }
    }
    return {file, line, column};
  }

  /** Where the key of an entry stands. */
  keyPlace({origin}: Entry): Place {
    return {file: origin.file, line: origin.line, column: 1};
  }

  lineText(file: string, line: number): string | undefined {
    return this.#linesOf(file)[line - 1];
  }

  #place(where: Place | Origin): Place {
    const {file, line, column} = where;
    if (line === undefined || line < 1) {
      return {file};
    }
    const text = this.lineText(file, line);
    const place = {file, line, ...(column === undefined ? {} : {column})};
    return text === undefined ? place : {...place, lineText: printable(text)};
  }

  #linesOf(file: string): readonly string[] {
    const known = this.#files.get(file);
    if (known !== undefined) {
      return known;
    }
    let lines: readonly string[] = [];
    try {
      lines = readFileSync(file, 'utf8').split(/\r?\n/);
    } catch {
      // Output of a script, or a file that is gone: there is no line to show.
    }
    this.#files.set(file, lines);
    return lines;
  }
}

/** Control characters in a file must not reach the terminal. */
function printable(text: string): string {
  return text.slice(0, maxShownLine).replace(/[^\P{Cc}\t]/gu, '\u00b7');
}

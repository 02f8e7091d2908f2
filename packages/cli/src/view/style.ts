/** Colours and tables for people. Colours only on a terminal that wants them (`NO_COLOR`, `TERM=dumb` respected). */
import {stripVTControlCharacters} from 'node:util';
import {isGood, isRunning, label} from '@megatest/model';

const codes = {bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36} as const;
export type Colour = keyof typeof codes;

export class Style {
  readonly #isColoured: boolean;

  constructor(isColoured: boolean) {
    this.#isColoured = isColoured;
  }

  static for(stream: {readonly isTTY?: boolean}): Style {
    const {NO_COLOR = '', TERM = ''} = process.env;
    return new Style(stream.isTTY === true && NO_COLOR === '' && TERM !== 'dumb');
  }

  paint(colour: Colour, text: string): string {
    return this.#isColoured ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
  }

  /** The one word for a test, in the colour of what it means. */
  verdict(state: string, status: string): string {
    const word = label(state, status);
    if (isRunning(state)) {
      return this.paint('blue', word);
    }
    if (isGood(state, status)) {
      return this.paint(status === 'PASS' ? 'green' : 'yellow', word);
    }
    return state === 'NOT_STARTED' && status === 'n/a' ? this.paint('dim', word) : this.paint('red', word);
  }
}

/** Width as seen, without colour codes. */
export function shownWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** Columns two blanks apart; a header line in capitals. Numbers are the caller's to pad. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => shownWidth(line[column] ?? ''))));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - shownWidth(cell))))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Why a rules file cannot be used, and where. */

/** A place in a rules file; line and column count from 1. */
export type Place = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The text of the line. */
  readonly lineText: string;
};

export class RulesError extends Error {
  override readonly name = 'RulesError';
  /** What is wrong, without the place. */
  readonly sentence: string;
  /** `undefined` when the file could not be read at all. */
  readonly place: Place | undefined;
  readonly hint: string | undefined;

  /** `file` names the file for a message that has no place in it. */
  constructor(sentence: string, where: Place | string, hint?: string) {
    const place = typeof where === 'string' ? undefined : where;
    super(`${place === undefined ? where : `${place.file}:${place.line}`}: ${sentence}`);
    this.sentence = sentence;
    this.place = place;
    this.hint = hint;
  }
}

export function printPlace(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/** The place, its line, and a caret below the column. Every line ends in a line feed. */
export function printFrame(place: Place): string {
  const indent = place.lineText.slice(0, place.column - 1).replace(/[^\t]/g, ' ');
  return `     at ${printPlace(place)}\n  ${place.lineText}\n  ${indent}^\n`;
}

/** The place of an offset in the text of a file. */
export function placeAt(file: string, text: string, offset: number, firstLine = 1): Place {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  const end = text.indexOf('\n', start);
  return {
    file,
    line: before.split('\n').length - 1 + firstLine,
    column: offset - start + 1,
    lineText: text.slice(start, end < 0 ? text.length : end).replace(/\r$/, ''),
  };
}

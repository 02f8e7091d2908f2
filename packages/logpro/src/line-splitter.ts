/** Cuts Latin-1 text that comes in pieces into lines: at LF, at CR LF, or at a lone CR (spec logpro.md 2). */

/** A line longer than this is cut, so that a log without line ends cannot fill the memory. */
export const maxLineLength = 1024 * 1024;

export class LineSplitter {
  #rest = '';

  /** Complete lines of what has come so far. */
  push(text: string): readonly string[] {
    const whole = this.#rest + text;
    // A CR at the very end may be the first half of CR LF.
    const usable = whole.endsWith('\r') ? whole.length - 1 : whole.length;
    const lines: string[] = [];
    let from = 0;
    const terminator = /\r\n|\n|\r/g;
    for (
      let found = terminator.exec(whole);
      found !== null && found.index < usable;
      found = terminator.exec(whole)
    ) {
      lines.push(whole.slice(from, found.index));
      from = found.index + found[0].length;
    }
    this.#rest = whole.slice(from);
    while (this.#rest.length > maxLineLength) {
      lines.push(this.#rest.slice(0, maxLineLength));
      this.#rest = this.#rest.slice(maxLineLength);
    }
    return lines;
  }

  /** A last line without a terminator. */
  end(): readonly string[] {
    const rest = this.#rest.replace(/\r$/, '');
    this.#rest = '';
    return rest === '' ? [] : [rest];
  }
}

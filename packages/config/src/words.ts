/** Blank-separated words of a value (spec config.md 13): blanks, tabs and line breaks separate, empty pieces are dropped. */

/** By hand and not by a regular expression: an item list can have a hundred thousand words. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 32 || (code >= 9 && code <= 13)) {
      if (start >= 0) {
        words.push(text.slice(start, at));
        start = -1;
      }
    } else if (start < 0) {
      start = at;
    }
  }
  if (start >= 0) {
    words.push(text.slice(start));
  }
  return words;
}

/** Bytes of a comment or a value (spec homehost.md 8.4). */
const mostBytes = 64 * 1024;

/** No character takes more than three bytes for each of its units. */
export function fitsWhole(text: string): boolean {
  return text.length * 3 <= mostBytes;
}

/** The beginning that fits, without half a character at its end. */
export function cutText(text: string): string {
  if (fitsWhole(text)) {
    return text;
  }
  const bytes = Buffer.from(text);
  return bytes.length <= mostBytes
    ? text
    : new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes.subarray(0, mostBytes), {stream: true});
}

/** Bytes of a comment or a value (spec homehost.md 8.4). */
const mostBytes = 64 * 1024;

/** The beginning that fits, without half a character at its end. */
export function cutText(text: string): string {
  // No character takes more than three bytes for each of its units.
  if (text.length * 3 <= mostBytes) {
    return text;
  }
  const bytes = Buffer.from(text);
  return bytes.length <= mostBytes
    ? text
    : new TextDecoder('utf-8', {ignoreBOM: true}).decode(bytes.subarray(0, mostBytes), {stream: true});
}

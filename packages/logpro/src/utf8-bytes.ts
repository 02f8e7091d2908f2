/**
 * Lines are Latin-1 text, one character per byte. A pattern with the flag `u` sees them as UTF-8; what it captures becomes
 * bytes again. A byte that is no UTF-8 becomes a lone surrogate (0xDC00 + byte) on the way, so it comes back unchanged.
 */

const escapeBase = 0xdc00;

export function charactersOf(bytes: string): string {
  const buffer = Buffer.from(bytes, 'latin1');
  const text = buffer.toString('utf8');
  if (!text.includes('\ufffd')) {
    return text;
  }
  let result = '';
  for (let at = 0; at < buffer.length; ) {
    const length = sequenceLength(buffer[at] ?? 0);
    const piece = buffer.toString('utf8', at, at + length);
    const isWhole =
      Buffer.byteLength(piece) === length && buffer.subarray(at, at + length).equals(Buffer.from(piece));
    result += isWhole ? piece : String.fromCharCode(escapeBase + (buffer[at] ?? 0));
    at += isWhole ? length : 1;
  }
  return result;
}

export function bytesOf(characters: string): string {
  let result = '';
  for (const character of characters) {
    const code = character.codePointAt(0) ?? 0;
    result +=
      code >= escapeBase && code <= escapeBase + 0xff
        ? String.fromCharCode(code - escapeBase)
        : Buffer.from(character).toString('latin1');
  }
  return result;
}

/** For people and programs: every text in `value` as UTF-8, with a replacement character for a byte that is none. */
export function readable<T>(value: T): T;
export function readable(value: unknown): unknown {
  if (typeof value === 'string') {
    return Buffer.from(value, 'latin1').toString('utf8');
  }
  if (Array.isArray(value)) {
    return value.map((item) => readable(item));
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, readable(item)]))
    : value;
}

function sequenceLength(first: number): number {
  if (first >= 0xf0) {
    return 4;
  }
  return first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

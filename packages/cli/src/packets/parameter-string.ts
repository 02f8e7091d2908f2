/** `name=value; name`: what stands behind the names in `[areas]` and `[contours]` (spec mtutil.md 3.2). */

/** `null`: a name without a value. Only the first `=` separates. */
export function parseParameters(text: string): ReadonlyMap<string, string | null> {
  return new Map(
    text
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const at = part.indexOf('=');
        return at < 0 ? [part, null] : [part.slice(0, at).trim(), part.slice(at + 1).trim()];
      }),
  );
}

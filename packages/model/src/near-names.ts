/** "Did you mean": the names closest to one that was mistyped. */

/** Up to `most` of `names` that are near `text`, nearest first. */
export function nearNames(text: string, names: Iterable<string>, most = 3): readonly string[] {
  const limit = Math.max(2, Math.floor(text.length / 3));
  return (
    [...names]
      .map((name) => ({name, distance: editDistance(text.toLowerCase(), name.toLowerCase(), limit)}))
      // A name with no letter in common is not near, however short it is.
      .filter(({distance}) => distance <= limit && distance < text.length)
      .sort((a, b) => a.distance - b.distance)
      .slice(0, most)
      .map(({name}) => name)
  );
}

/** Levenshtein distance, given up as soon as it must exceed `limit`. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) {
    return limit + 1;
  }
  let previous = Array.from({length: b.length + 1}, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    if (Math.min(...current) > limit) {
      return limit + 1;
    }
    previous = current;
  }
  return previous[b.length] ?? limit + 1;
}

/** Rows that somebody looks at stay where they are when others come or go. */

/**
 * `now` in the order of `before`, as far as it was there; what has come stands behind what it stands behind in `now`. `nameOf` tells
 * which of them are the same.
 */
export function keepOrder<T>(
  before: readonly T[],
  now: readonly T[],
  nameOf: (one: T) => string | number,
): readonly T[] {
  if (isWithin(before, now, nameOf)) {
    return now;
  }
  const was = new Set(before.map(nameOf));
  const stays = new Map<string | number, T>();
  const come = new Map<string | number | undefined, T[]>();
  let anchor: string | number | undefined;
  for (const one of now) {
    const name = nameOf(one);
    if (was.has(name)) {
      stays.set(name, one);
      anchor = name;
    } else {
      const behind = come.get(anchor) ?? [];
      behind.push(one);
      come.set(anchor, behind);
    }
  }
  const kept = [...(come.get(undefined) ?? [])];
  for (const name of was) {
    const one = stays.get(name);
    if (one !== undefined) {
      kept.push(one, ...(come.get(name) ?? []));
    }
  }
  return kept;
}

/** Whether all that was there is still there, in the same order: so it is while the rows of a run come in. */
function isWithin<T>(before: readonly T[], now: readonly T[], nameOf: (one: T) => string | number): boolean {
  let at = 0;
  for (const one of now) {
    const next = before[at];
    if (next !== undefined && nameOf(one) === nameOf(next)) {
      at += 1;
    }
  }
  return at === before.length;
}

/** The name among `names` that `wrong` was probably meant to be: for a "did you mean" below an error. */
export function nearestName(wrong: string, names: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(wrong.length / 4));
  let best: {readonly name: string; readonly distance: number} | undefined;
  for (const name of names) {
    const distance = editDistance(wrong, name);
    if (distance <= limit && (best === undefined || distance < best.distance)) {
      best = {name, distance};
    }
  }
  return best?.name;
}

/** How many characters have to be added, dropped or changed. */
function editDistance(from: string, to: string): number {
  let row = Array.from({length: to.length + 1}, (_, index) => index);
  for (const [index, char] of [...from].entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const changed = (row[column - 1] ?? 0) + (char === to[column - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** Sections whose name is a pattern: their entries go into the matching sections that exist already (spec config.md 7.2). */

/** The pattern of a `%` or `/regex/` section; `undefined` for an ordinary name. */
export function sectionPattern(name: string): RegExp | 'invalid' | undefined {
  const isRegex = name.length > 1 && name.startsWith('/') && name.endsWith('/');
  if (!isRegex && !name.includes('%')) {
    return undefined;
  }
  try {
    return new RegExp(`^(?:${isRegex ? name.slice(1, -1) : name.replaceAll('%', '.*')})$`);
  } catch {
    return 'invalid';
  }
}

/**
 * Whether a pattern section can apply to a name with so many parts between slashes. `false` only when that is sure; it is for
 * telling the author of a section that no target can ever reach it.
 */
export function mayMatchParts(name: string, parts: number): boolean {
  const pattern = sectionPattern(name);
  const isRegex = name.startsWith('/') && name.endsWith('/');
  const sample = isRegex ? sampleOf(name.slice(1, -1)) : name.replaceAll('%', 'x');
  if (!(pattern instanceof RegExp) || !pattern.test(sample)) {
    return true;
  }
  const count = sample.split('/').length;
  const canGrow = isRegex ? /[.[(][^/]*[*+]/.test(name) : name.includes('%');
  return count === parts || (count < parts && canGrow);
}

/** A text that a simple regular expression matches: what stands for any character becomes an x. */
function sampleOf(source: string): string {
  return source
    .replace(/^\^|\$$/g, '')
    .replaceAll('\\/', '/')
    .replace(/\[[^\]]*\]|\.|\\[wd]/g, 'x')
    .replace(/[*+?]/g, '');
}

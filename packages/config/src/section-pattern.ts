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

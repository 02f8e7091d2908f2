/**
 * `-tagexpr e1,e2`: which tests may be selected, by their tags (spec runs.md 2.5). Each member is a regular expression in which
 * `%` means any text; it must match a whole tag, and its case counts.
 */

export class TagExpression {
  readonly text: string;
  /** Members that are not valid regular expressions; they match nothing. */
  readonly invalid: readonly string[];
  readonly #regexes: readonly RegExp[];

  constructor(text: string) {
    this.text = text;
    const invalid: string[] = [];
    const regexes: RegExp[] = [];
    for (const member of text.split(',').filter((part) => part !== '')) {
      try {
        regexes.push(new RegExp(`^(?:${member.replaceAll('%', '.*')})$`, 's'));
      } catch {
        invalid.push(member);
      }
    }
    this.invalid = invalid;
    this.#regexes = regexes;
  }

  /** `tags` is the text of `[test_meta] tags`: split at commas, blanks belong to the tags. */
  matches(tags: string): boolean {
    return tags.split(',').some((tag) => this.#regexes.some((regex) => regex.test(tag)));
  }
}

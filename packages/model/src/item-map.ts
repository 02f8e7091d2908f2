/**
 * Item maps: from the item path of a waiting test to the item path that it needs of a waiton (spec runs.md 3.6).
 *
 * A map is a list of lines `regex [replacement]`, applied one after the other; in each, the first match is replaced, and
 * `\0`..`\9` in the replacement are the groups.
 */
import {TestPattern} from './test-pattern.ts';

type Line = {readonly regex: RegExp; readonly replacement: string};

export class ItemMap {
  readonly text: string;
  readonly #lines: readonly Line[];

  /** Throws a `SyntaxError` that names the line when a regular expression does not compile. */
  constructor(text: string) {
    this.text = text;
    this.#lines = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
      .map(compileLine);
  }

  /** Whether every item path is mapped to itself, because there are no lines. */
  get isIdentity(): boolean {
    return this.#lines.length === 0;
  }

  apply(itemPath: string): string {
    let path = itemPath;
    for (const {regex, replacement} of this.#lines) {
      path = path.replace(regex, (...found) => {
        const groups = found as readonly unknown[];
        return replacement.replace(/\\([0-9])/g, (_, digit: string) => {
          const group = groups[Number(digit)];
          return typeof group === 'string' ? group : '';
        });
      });
    }
    return path;
  }
}

function compileLine(line: string): Line {
  const [, source = '', replacement = ''] = /^(\S+)(?:\s+(\S+))?/.exec(line) ?? [];
  return {regex: new RegExp(source), replacement};
}

/** The ordered table of maps of one test: `[requirements] itemmap` first, then the `[itemmap]` section. */
export type ItemMapRow = {readonly testPattern: string; readonly map: string};

/** The map that a test uses for a waiton: the first row that matches the waiton, else one that matches the test itself. */
export function mapTextFor(
  test: {readonly testName: string; readonly itemMaps: readonly ItemMapRow[]},
  waiton: string,
): string {
  const rowFor = (testName: string) =>
    test.itemMaps.find(({testPattern}) => new TestPattern(testPattern).matchesName(testName));
  return (rowFor(waiton) ?? rowFor(test.testName))?.map ?? '';
}

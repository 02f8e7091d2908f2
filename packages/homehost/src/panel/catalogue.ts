/** The tests of an area, as its files and its records have them, with their last results (spec dashboard.md B5.8). */
import type {CatalogueRow, CatalogueScore, DescribedTest} from '@megatest/rpc';
import type {MetaRow} from '@megatest/store';

/** A test that is not described is known by what was recorded. */
export function catalogueRows(
  names: readonly string[],
  described: ReadonlyMap<string, DescribedTest>,
  recorded: (testName: string) => MetaRow | undefined,
  scores: readonly CatalogueScore[],
): readonly CatalogueRow[] {
  const past = new Map(scores.map((score) => [score.testName, score]));
  return names.map((testName) => {
    const test = described.get(testName);
    return {
      testName,
      meta: test?.meta ?? metaOf(recorded(testName)),
      items: test === undefined ? null : test.items,
      isInArea: test !== undefined,
      past: past.get(testName) ?? null,
    };
  });
}

function metaOf(row: MetaRow | undefined): Readonly<Record<string, string>> {
  if (row === undefined) {
    return {};
  }
  const {author, owner, description, tags, jobgroup} = row;
  return {author, owner, description, reviewed: String(row.reviewed ?? ''), tags, jobgroup};
}

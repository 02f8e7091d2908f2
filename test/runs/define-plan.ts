/** Plans written as a testconfig would say them, for tests. */
import {type BuiltPlan, buildPlan, MODES, type Mode, type TestDefinition} from '@megatest/model';

export type Written = {
  readonly waiton?: string;
  readonly waitor?: string;
  readonly mode?: string;
  /** Item paths, blank-separated; none = the test has no items, empty = the list comes out empty. */
  readonly items?: string;
  /** The items are listed by a command, when the waitons are done. */
  readonly isLater?: boolean;
  /** `[requirements] itemmap`. */
  readonly itemmap?: string;
  /** Section `[itemmap]`. */
  readonly itemmaps?: Readonly<Record<string, string>>;
  readonly priority?: number;
  readonly jobgroup?: string;
  readonly retries?: {readonly count: number; readonly delayS: number};
};

export type WrittenArea = Readonly<Record<string, Written>>;

export function planOf(area: WrittenArea, testPatt = '%'): BuiltPlan {
  return buildPlan({
    testPatt,
    testNames: Object.keys(area),
    define: (testName) => define(testName, area[testName] ?? {}),
  });
}

function define(testName: string, written: Written): TestDefinition {
  const {waiton, waitor, mode, items, isLater, itemmap, itemmaps, priority, jobgroup, retries} = written;
  return {
    testName,
    testDir: `/area/tests/${testName}`,
    waitons: words(waiton),
    waitors: words(waitor),
    modes: words(mode ?? 'normal').filter((word): word is Mode =>
      (MODES as readonly string[]).includes(word),
    ),
    itemMaps: [
      ...(itemmap === undefined ? [] : [{testPattern: '%', map: itemmap}]),
      ...Object.entries(itemmaps ?? {}).map(([testPattern, map]) => ({testPattern, map})),
    ],
    priority: priority ?? 0,
    jobgroup: jobgroup ?? '',
    iterated: isLater === true ? 'later' : items === undefined ? 'no' : 'now',
    items: isLater === true ? [] : itemsOf(items),
    skip: null,
    hasTriggers: false,
    ...(retries === undefined ? {} : {retry: retries}),
  };
}

export function itemsOf(items: string | undefined): TestDefinition['items'] {
  return words(items).map((itemPath) => ({itemPath, vars: [['ITEM', itemPath]]}));
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

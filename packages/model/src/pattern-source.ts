/** Where the test pattern of a run comes from: the command line or runconfigs (spec runs.md 2.4). */

export type PatternSources = {
  /** `-testpatt`, `-runtests` and `-itempatt`, as far as they were given. */
  readonly testPatt?: string | undefined;
  readonly runTests?: string | undefined;
  readonly itemPatt?: string | undefined;
  /** `--modepatt`: the key of runconfigs that holds the pattern. */
  readonly modePatt?: string | undefined;
  /** Value of a key in the section of the target, else in `[default]`. */
  readonly runconfig: (key: string) => string | undefined;
};

export type ChosenPattern = {
  /** `undefined`: `--modepatt` names a key that nobody has set, so there is nothing to run. */
  readonly testPatt: string | undefined;
  readonly messages: readonly {readonly level: number; readonly text: string}[];
};

export function choosePattern(sources: PatternSources): ChosenPattern {
  const messages: {level: number; text: string}[] = [];
  const given = fromCommandLine(sources, messages);
  if (sources.modePatt !== undefined) {
    const testPatt = textOf(sources.runconfig(sources.modePatt));
    if (testPatt === undefined) {
      messages.push({level: 0, text: 'WARNING: there is no test pattern for this run. Exiting now.'});
    }
    return {testPatt, messages};
  }
  if (given !== undefined && given !== '%') {
    return {testPatt: given, messages};
  }
  const own = textOf(sources.runconfig('TESTPATT'));
  if (own !== undefined) {
    messages.push({level: 0, text: `INFO: (0) testpatt defined in TESTPATT from runconfigs: ${own}`});
  }
  return {testPatt: own ?? '%', messages};
}

function fromCommandLine(
  {testPatt, runTests, itemPatt}: PatternSources,
  messages: {level: number; text: string}[],
): string | undefined {
  if (runTests !== undefined) {
    messages.push({level: 0, text: 'WARNING: -runtests is deprecated, use -run -testpatt instead'});
  }
  const given = testPatt ?? runTests;
  if (itemPatt === undefined) {
    return given;
  }
  messages.push({level: 0, text: 'WARNING: -itempatt is deprecated, use -testpatt TEST/ITEM instead'});
  return `${given ?? '%'}/${itemPatt}`;
}

function textOf(value: string | undefined): string | undefined {
  const text = value?.trim();
  return text === '' ? undefined : text;
}

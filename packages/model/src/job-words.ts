/** Words of the old style, which every version has, for commands of jobs and of the dashboard. */

/** What a command on stored runs is about; an empty `testPatt` means all tests. */
export type TestSelectors = {
  readonly target: string;
  readonly runName: string;
  readonly testPatt: string;
  /** Comma lists. */
  readonly state?: string | undefined;
  readonly status?: string | undefined;
};

export function removeWords(selectors: TestSelectors): readonly string[] {
  return ['-remove-runs', ...selectorWords(selectors)];
}

export function selectorWords({target, runName, testPatt, state, status}: TestSelectors): readonly string[] {
  return [
    ...['-target', target, '-runname', runName, '-testpatt', testPatt === '' ? '%' : testPatt],
    ...(state === undefined ? [] : ['-state', state]),
    ...(status === undefined ? [] : ['-status', status]),
  ];
}

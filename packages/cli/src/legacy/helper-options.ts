/** The calls that need a test around them. */
export const HELPER_OPTIONS = [
  '-step',
  '-load-test-data',
  '-setlog',
  '-set-toplog',
  '-summarize-items',
  '-runstep',
  '-test-status',
  '-set-values',
] as const;

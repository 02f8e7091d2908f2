/** Areas for tests of execution: one key, disks and links of their own, and the tests that are given. */
export const smallArea = [
  '[fields]\nPLATFORM TEXT',
  '[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nmax_concurrent_jobs 4\nminspace 1\ndbdir-space-required 1',
  '[disks]\ndisk0 #{getenv MT_RUN_AREA_HOME}/runs',
  '',
].join('\n');

/** The files of an area: `tests` gives the testconfig of each test. */
export function areaWith(
  tests: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const configs = Object.entries(tests).map(([name, text]) => [`tests/${name}/testconfig`, text]);
  return {'megatest.config': smallArea, ...Object.fromEntries(configs), ...more};
}

export const runWords = ['-run', '-target', 'x', '-runname', 'r', '-testpatt', '%', '-run-wait'] as const;

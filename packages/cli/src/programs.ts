/** Where the shipped programs are: the bundles stand in one folder, the commands that users call beside it. */
import {join} from 'node:path';

/** A bundle of this package; in the bundle every module's own folder is `dist`. */
export function bundlePath(name: 'manager' | 'planner' | 'sync-worker'): string {
  return join(import.meta.dirname, `${name}.js`);
}

/** Helper calls inside tests: a bundle of its own, in which nothing is that only other commands need. */
export async function helperProgram(): Promise<typeof import('./actions/helper-call.ts')> {
  return await import(join(import.meta.dirname, 'helper-call.js'));
}

/** Bundled by itself too: few helper calls need it. */
export async function helperExtras(): Promise<typeof import('./actions/helper-extras.ts')> {
  return await import(join(import.meta.dirname, 'helper-extras.js'));
}

/** The `megatest` command, as tests are told in `MT_MEGATEST`. */
export function megatestPath(): string {
  return join(import.meta.dirname, '../bin/megatest');
}

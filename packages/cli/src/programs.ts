/** Where the shipped programs are: the bundles stand in one folder, the commands that users call beside it. */
import {join} from 'node:path';

/** A bundle of this package; in the bundle every module's own folder is `dist`. */
export function bundlePath(name: 'manager' | 'planner' | 'sync-worker'): string {
  return join(import.meta.dirname, `${name}.js`);
}

/** The `megatest` command, as tests are told in `MT_MEGATEST`. */
export function megatestPath(): string {
  return join(import.meta.dirname, '../bin/megatest');
}

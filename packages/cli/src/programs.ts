/** Where the shipped programs are: the bundles stand in one folder, the commands that users call beside it. */
import {join} from 'node:path';
import {loadBundle} from './load-bundle.ts';

/** What is loaded only by who needs it: each is bundled by itself, so that nothing is in it that only others need. */
type Parts = {
  readonly all: typeof import('./modern/all-bundle.ts');
  readonly look: typeof import('./modern/look-bundle.ts');
  readonly run: typeof import('./modern/run-bundle.ts');
  readonly legacy: typeof import('./legacy/main.ts');
  readonly 'helper-extras': typeof import('./actions/helper-extras.ts');
  readonly 'area-actions': typeof import('./legacy/area-actions.ts');
  readonly 'rare-actions': typeof import('./legacy/rare-actions.ts');
  readonly execute: typeof import('./actions/execute.ts');
  readonly pilot: typeof import('./actions/pilot.ts');
  readonly 'start-server': typeof import('./actions/start-server.ts');
};

export function loadPart<Name extends keyof Parts>(name: Name): Parts[Name] {
  return loadBundle(name);
}

/** A bundle of this package that is a process or a thread of its own; in the bundle every module's own folder is `dist`. */
export function bundlePath(
  name: 'carry-out' | 'data-reader' | 'manager' | 'planner' | 'sync-worker' | 'view-worker',
): string {
  return join(import.meta.dirname, `${name}.js`);
}

/** Starts the shells of steps; copied there by scripts/bundle.mjs. */
export function spawnerPath(): string {
  return join(import.meta.dirname, 'spawner.pl');
}

/** The `megatest` command, as tests are told in `MT_MEGATEST`. */
export function megatestPath(): string {
  return join(import.meta.dirname, '../bin/megatest');
}

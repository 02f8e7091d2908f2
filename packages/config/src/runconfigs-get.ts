/** Looks a variable up for a target (spec config.md 4.3). */
import type {Config} from './config.ts';

export type RunconfigsPlace = {
  /** The config being read. */
  readonly config: Config;
  /** The loaded runconfigs, when another file is being read. */
  readonly runconfigs: Config | undefined;
  readonly target: string | undefined;
};

/** The config being read, then the runconfigs: in each the target's section, then `default`. */
export function runconfigsGet(
  key: string,
  {config, runconfigs, target}: RunconfigsPlace,
): string | undefined {
  for (const place of [config, runconfigs]) {
    const value = (target === undefined ? undefined : place?.get(target, key)) ?? place?.get('default', key);
    if (value !== undefined) {
      return value;
    }
  }
  return undefined;
}

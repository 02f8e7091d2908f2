/** Targets: one value for each key of `[fields]`, joined by `/` (spec cli.md 5). */
import {UserError} from './user-error.ts';

/** Splits and checks a target; the message names the keys that are expected. */
export function parseTarget(text: string, keys: readonly string[], exitCode = 3): readonly string[] {
  const values = text.split('/');
  if (values.length !== keys.length || values.some((value) => value === '')) {
    throw new UserError(
      `Invalid target, "${text}" should be: ${keys.join('/')}, have (${values.join(' ')})`,
      {
        exitCode,
      },
    );
  }
  return values;
}

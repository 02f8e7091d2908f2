/** How long a test may run (spec execution.md 10.5): by its own rules, else by those of the area. */
import type {AreaContext} from '../plan/area-context.ts';
import type {CommandInfo} from './cmdinfo.ts';
import type {TestconfigData} from './testconfig-data.ts';

/** In seconds; `null` = for ever. */
export function timeLimitOf(
  info: CommandInfo,
  config: TestconfigData,
  context: AreaContext,
  log: (text: string) => void,
): number | null {
  if (config.runTimeLimitS === 'invalid') {
    log(`WARNING: runtimelim of ${info['test-name']} has no valid part such as 30m, there is no limit`);
    return null;
  }
  return config.runTimeLimitS ?? context.runTimeLimitS;
}

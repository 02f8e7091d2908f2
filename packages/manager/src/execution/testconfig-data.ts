/** What launching and running take from a testconfig, as plain data. */
import {type Config, ezStepsOf} from '@megatest/config';
import {parseDuration} from '@megatest/model';
import * as z from 'zod';

const pairs = z.array(z.tuple([z.string(), z.string()]));

export const testconfigData = z.object({
  runscript: z.string().nullable(),
  steps: z.array(z.object({name: z.string(), command: z.string()})),
  /** Step name to log rules. */
  logpro: pairs,
  /** `undefined` section = the area's disks. */
  disks: z.array(z.object({name: z.string(), path: z.string()})).nullable(),
  preLaunchVars: pairs,
  preLaunchOverrides: pairs,
  /** `invalid` = something that is no time, so there is no limit. */
  runTimeLimitS: z.union([z.number(), z.literal('invalid')]).nullable(),
  waivers: pairs,
  waiverRules: pairs,
  triggers: pairs,
});

export type TestconfigData = z.output<typeof testconfigData>;

export function dataOf(config: Config): TestconfigData {
  const list = (section: string) =>
    config.entries(section).map(({key, value}): [string, string] => [key, value]);
  const limit = config.get('requirements', 'runtimelim');
  return {
    runscript: config.get('setup', 'runscript')?.trim() || null,
    steps: [...ezStepsOf(config)],
    logpro: list('logpro'),
    disks:
      config.section('disks') === undefined
        ? null
        : config.entries('disks').map(({key, value}) => ({name: key, path: value.trim()})),
    preLaunchVars: config.sections
      .filter(({name}) => name.includes('pre-launch-env-vars'))
      .flatMap(({name}) => list(name)),
    preLaunchOverrides: list('pre-launch-env-overrides'),
    runTimeLimitS: limit === undefined ? null : (parseDuration(limit) ?? 'invalid'),
    waivers: list('waivers'),
    waiverRules: list('waiver_rules'),
    triggers: list('triggers'),
  };
}

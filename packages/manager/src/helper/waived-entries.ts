/** What a helper call reports when no manager is there to look at it: a failure that somebody waived is WAIVED (execution.md 18). */
import {join} from 'node:path';
import {type Env, readConfig} from '@megatest/config';
import type {ReportEntry} from '@megatest/rpc';
import type {CommandInfo} from '../execution/cmdinfo.ts';
import {dataOf} from '../execution/testconfig-data.ts';
import {heldWaiver, type PreviousTest} from '../execution/waivers.ts';

export async function waivedEntries(
  entries: readonly ReportEntry[],
  info: CommandInfo,
  env: Env,
  previous: () => Promise<PreviousTest | null>,
  log: (text: string) => void,
): Promise<readonly ReportEntry[]> {
  const failure = entries.find((entry) => entry.type === 'state' && entry.status === 'FAIL');
  if (failure === undefined) {
    return entries;
  }
  const config = readConfig(join(info.testpath, 'testconfig'), {
    env: {...env},
    cwd: info.toppath,
    commands: 'no',
    areaPath: info.toppath,
    target: info.target,
  });
  const held = await heldWaiver({rules: dataOf(config), rundir: info['work-area'], env, previous, log});
  return held === undefined
    ? entries
    : entries.map((entry) =>
        entry.type === 'state' && entry.status === 'FAIL'
          ? {...entry, status: 'WAIVED', comment: entry.comment ?? held}
          : entry,
      );
}

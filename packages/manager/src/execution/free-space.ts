/** How much room a disk has, in KiB (spec execution.md 2). */
import {spawn} from 'node:child_process';
import type {Env} from '@megatest/config';
import type {AreaContext} from '../plan/area-context.ts';
import {freeKiBOf, freeSpaceOfOutput} from './disks.ts';

/** How free space is measured: by the area's own script, else by the file system. */
export function freeSpaceBy(
  context: Pick<AreaContext, 'freeSpaceScript' | 'areaPath'>,
  env: Env,
): (path: string) => number | Promise<number> {
  const {freeSpaceScript, areaPath} = context;
  if (freeSpaceScript === null) {
    return freeKiBOf;
  }
  return async (path) =>
    await new Promise((resolve) => {
      const child = spawn('/bin/sh', ['-c', `${freeSpaceScript} ${path}`], {
        cwd: areaPath,
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      child.once('error', () => resolve(-1));
      child.once('close', () => resolve(freeSpaceOfOutput(output)));
    });
}

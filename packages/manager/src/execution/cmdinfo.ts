/** The command info: what a launched test has to know, as one shell-safe word (spec execution.md 8). */
import {deflateSync, inflateSync} from 'node:zlib';
import {UserError} from '@megatest/model';
import * as z from 'zod';

const pairs = z.array(z.tuple([z.string(), z.string()]));

export const commandInfo = z.object({
  testpath: z.string(),
  toppath: z.string(),
  'work-area': z.string(),
  'test-name': z.string(),
  'run-id': z.number(),
  'test-id': z.number(),
  runname: z.string(),
  target: z.string(),
  itemdat: pairs,
  megatest: z.string(),
  areaname: z.string(),
  'env-ovrd': pairs,
  'set-vars': z.string().nullable(),
  contour: z.string().nullable(),
  'launch-id': z.string(),
  shortdir: z.string(),
  /** The step that a repetition begins with; a launch of the whole test has none. */
  'from-step': z.string().optional(),
  /** Nothing follows that step. */
  'only-step': z.boolean().optional(),
});

export type CommandInfo = z.output<typeof commandInfo>;

export function encodeCommandInfo(info: CommandInfo): string {
  return deflateSync(JSON.stringify(info)).toString('base64');
}

export function decodeCommandInfo(text: string): CommandInfo {
  try {
    const bytes = Buffer.from(text, 'base64');
    const json = bytes[0] === 0x7b ? bytes.toString('utf8') : inflateSync(bytes).toString('utf8');
    return commandInfo.parse(JSON.parse(json));
  } catch {
    throw new UserError('the command info of this test cannot be decoded', {
      hint: 'MT_CMDINFO and the argument of -execute are made by megatest; they must not be changed',
    });
  }
}

/** The item path of a command info. */
export function itemPathOf(info: CommandInfo): string {
  return info.itemdat.map(([, value]) => value).join('/');
}

/** Directory of the whole test, in which the directories of its items lie. */
export function parentDirectory(info: CommandInfo): string {
  const itemPath = itemPathOf(info);
  return itemPath === '' ? info['work-area'] : info['work-area'].slice(0, -itemPath.length - 1);
}

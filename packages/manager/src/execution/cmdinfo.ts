/** The command info: what a launched test has to know, as one shell-safe word (spec execution.md 8). */
import {deflateSync, inflateSync} from 'node:zlib';
import {UserError} from '@megatest/model';

type Pairs = readonly (readonly [string, string])[];

export type CommandInfo = {
  readonly testpath: string;
  readonly toppath: string;
  readonly 'work-area': string;
  readonly 'test-name': string;
  readonly 'run-id': number;
  readonly 'test-id': number;
  readonly runname: string;
  readonly target: string;
  readonly itemdat: Pairs;
  readonly megatest: string;
  readonly areaname: string;
  readonly 'env-ovrd': Pairs;
  readonly 'set-vars': string | null;
  readonly contour: string | null;
  readonly 'launch-id': string;
  readonly shortdir: string;
  /** The step that a repetition begins with; a launch of the whole test has none. */
  readonly 'from-step'?: string;
  /** Nothing follows that step. */
  readonly 'only-step'?: boolean;
};

const isText = (value: unknown) => typeof value === 'string';
const isTextOrNull = (value: unknown) => value === null || isText(value);
const isNumber = (value: unknown) => typeof value === 'number';
const arePairs = (value: unknown) =>
  Array.isArray(value) &&
  value.every((pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(isText));

/** What each field must be. Not a schema of the library: helper calls are started often, and loading it takes longer than the call. */
const checks: {readonly [field in keyof CommandInfo]-?: (value: unknown) => boolean} = {
  testpath: isText,
  toppath: isText,
  'work-area': isText,
  'test-name': isText,
  'run-id': isNumber,
  'test-id': isNumber,
  runname: isText,
  target: isText,
  itemdat: arePairs,
  megatest: isText,
  areaname: isText,
  'env-ovrd': arePairs,
  'set-vars': isTextOrNull,
  contour: isTextOrNull,
  'launch-id': isText,
  shortdir: isText,
  'from-step': (value) => value === undefined || isText(value),
  'only-step': (value) => value === undefined || typeof value === 'boolean',
};

/** Throws when `value` is no command info; fields that are not known are left out. */
export function checkCommandInfo(value: unknown): CommandInfo {
  const fields = Object.entries(checks).flatMap(([name, isRight]) => {
    const field = (value as Record<string, unknown>)[name];
    if (!isRight(field)) {
      throw new Error(`the field ${name} of the command info is not right`);
    }
    return field === undefined ? [] : [[name, field]];
  });
  return Object.fromEntries(fields) as CommandInfo;
}

export function encodeCommandInfo(info: CommandInfo): string {
  return deflateSync(JSON.stringify(info)).toString('base64');
}

export function decodeCommandInfo(text: string): CommandInfo {
  try {
    const bytes = Buffer.from(text, 'base64');
    const json = bytes[0] === 0x7b ? bytes.toString('utf8') : inflateSync(bytes).toString('utf8');
    return checkCommandInfo(JSON.parse(json));
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

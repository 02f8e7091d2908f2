/** What each helper type gives (spec config.md 4.2 to 4.4). */
import type {Config, Origin} from './config.ts';
import type {Helper} from './expand-helpers.ts';
import type {ReadNote} from './read-note.ts';
import {resolvePath} from './resolve-path.ts';
import {runconfigsGet} from './runconfigs-get.ts';
import type {SchemeWorld} from './scheme-world.ts';
import {type Env, joinLines, runShell, runShellToStderr} from './shell.ts';

export type HelperContext = {
  readonly config: Config;
  readonly env: Env;
  readonly cwd: string;
  readonly areaPath: string | undefined;
  /** Target whose sections `rget` looks at. */
  readonly target: string | undefined;
  /** The loaded runconfigs, for `rget` in other files. */
  readonly runconfigs: Config | undefined;
  /** Told when `rget` would have looked there. */
  readonly missesRunconfigs: () => void;
  readonly allowsCommands: boolean;
  readonly scheme: () => SchemeWorld;
  readonly note: (note: ReadNote) => void;
  /** For what does not matter in a comment line: an undefined value, a type that nobody knows. */
  readonly noteUnlessComment: (note: ReadNote) => void;
  /** The line as it stands in the file, for messages. */
  readonly line: string;
  readonly originOf: (helper: Helper) => Origin;
  /** Told what of the environment the line depends on; `undefined` = anything. */
  readonly uses: (name: string | undefined) => void;
  /** Remaining milliseconds for a command, or `undefined` for no limit. */
  readonly timeLeftMs: () => number | undefined;
};

export const helperTypes: readonly string[] = [
  'getenv',
  'gv',
  'get',
  'g',
  'rget',
  'runconfigs-get',
  'shell',
  'sh',
  'system',
  'scheme',
  'scm',
  'rp',
  'realpath',
  'mtrah',
];

const slowMs = 2000;

/** The text that takes the helper's place; `undefined` for an unknown type. */
export function evaluateHelper(helper: Helper, context: HelperContext): string | undefined {
  const {type} = helper;
  const {env} = context;
  switch (type) {
    case 'getenv':
    case 'gv': {
      const name = unescapeBody(helper.body).trim();
      context.uses(name);
      return defined(env[name], helper, context);
    }
    case 'get':
    case 'g': {
      const [section, key] = unescapeBody(helper.body)
        .trim()
        .split(/[ \t]+/);
      if (section === undefined || key === undefined) {
        return failed(`${type} needs a section and a key`, helper, context);
      }
      return defined(context.config.get(section, key), helper, context);
    }
    case 'rget':
    case 'runconfigs-get': {
      const value = runconfigsGet(unescapeBody(helper.body).trim(), context);
      if (value === undefined && context.runconfigs === undefined) {
        context.missesRunconfigs();
      }
      return defined(value, helper, context);
    }
    case 'shell':
    case 'sh':
    case 'system':
      return context.allowsCommands ? runCommand(helper, context) : `#{(${type})  ${helper.body}}`;
    case 'scheme':
    case 'scm':
      return timed(helper, context, () => scheme(helper, context));
    case 'rp':
    case 'realpath':
      return resolvePath(unescapeBody(helper.body).trim(), context.cwd, env);
    case 'mtrah': {
      const extra = unescapeBody(helper.body);
      const path = extra === '' ? context.areaPath : `${context.areaPath}/${extra}`;
      return defined(context.areaPath === undefined ? undefined : path, helper, context);
    }
    default:
      context.noteUnlessComment({kind: 'helper-unknown', origin: context.originOf(helper), type});
      return undefined;
  }
}

/** A value that is not there is the two characters `#f`, so that a line which is nothing else becomes a comment. */
function defined(value: string | undefined, helper: Helper, context: HelperContext): string {
  if (value !== undefined) {
    return value;
  }
  const {type, body} = helper;
  context.noteUnlessComment({kind: 'helper-undefined', origin: context.originOf(helper), type, body});
  return '#f';
}

/** The text of a helper that failed is no helper, so it is not tried again. */
function failed(reason: string, helper: Helper, context: HelperContext): string {
  const {type, body} = helper;
  const origin = context.originOf(helper);
  context.note({kind: 'helper-failed', origin, type, line: context.line, reason});
  return `#{( ${type} ) ${body}}`;
}

function runCommand(helper: Helper, context: HelperContext): string {
  const {type} = helper;
  const body = unescapeBody(helper.body);
  const isSystem = type === 'system';
  context.uses(undefined);
  const run = () =>
    (isSystem ? runShellToStderr : runShell)(body, context.env, context.cwd, context.timeLeftMs());
  const result = type === 'sh' ? run() : timed(helper, context, run);
  const origin = context.originOf(helper);
  if (result.stopped !== undefined) {
    context.note({kind: 'command-stopped', origin, command: body, reason: result.stopped});
  }
  if (isSystem) {
    return String(result.code);
  }
  if (result.code !== 0) {
    context.note({kind: 'command-failed', origin, command: body, code: result.code});
    return '';
  }
  return joinLines(result.stdout);
}

function timed<T>(helper: Helper, context: HelperContext, run: () => T): T {
  const started = performance.now();
  const result = run();
  const ms = performance.now() - started;
  if (ms > slowMs && helper.type !== 'scm') {
    const origin = context.originOf(helper);
    context.note({kind: 'helper-slow', origin, body: helper.body, seconds: ms / 1000});
  }
  return result;
}

function scheme(helper: Helper, context: HelperContext): string {
  context.uses(undefined);
  try {
    const {value, surplus} = context.scheme().evaluate(helper.body);
    if (surplus !== '') {
      const origin = context.originOf(helper);
      context.note({kind: 'helper-surplus', origin, body: helper.body, surplus});
    }
    return value;
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error), helper, context);
  }
}

const escapes: Readonly<Record<string, string>> = {n: '\n', t: '\t', r: '\r'};

function unescapeBody(body: string): string {
  return body.includes('\\') ? body.replace(/\\(.)/gs, (_, char: string) => escapes[char] ?? char) : body;
}

/** A known helper that begins but has no end. */
export function unclosedHelper(text: string): string | undefined {
  for (const match of text.matchAll(/#\{([a-z-]+)[ \t][^{}]*$/g)) {
    const [whole, type = ''] = match;
    if (helperTypes.includes(type)) {
      return whole;
    }
  }
  return undefined;
}

/**
 * The helpers `#{TYPE BODY}` (spec config.md 4): found from the right, innermost first; the result is spliced into the line and
 * the line is searched again until nothing is left.
 */
import {accessSync, constants, mkdirSync, statSync} from 'node:fs';
import {availableParallelism, homedir, hostname} from 'node:os';
import {isAbsolute, join, normalize} from 'node:path';
import {display, Interpreter, type SchemeHost} from '@megatest/scheme';
import type {Config} from './config.ts';
import {type Env, joinLines, runShell} from './shell.ts';

export type HelperContext = {
  readonly config: Config;
  readonly env: Env;
  readonly cwd: string;
  readonly areaPath: string | undefined;
  /** Target whose sections `rget` looks at. */
  readonly target: string | undefined;
  /** The loaded runconfigs, for `rget` in other files. */
  readonly runconfigs: Config | undefined;
  readonly allowsCommands: boolean;
  /** Options of the command line, for `args:get-arg`. */
  readonly commandLine: ReadonlyMap<string, string>;
  readonly say: (level: number, text: string) => void;
  /** Gives a place to messages: the line being read. */
  readonly place: string;
  /** Remaining milliseconds for a command, or `undefined` for no limit. */
  readonly timeLeftMs: () => number | undefined;
};

const helper = /#\{([A-Za-z]\w*)(?:[ \t]+([^{}]*))?\}/g;
const maxRounds = 1000;
const slowMs = 2000;

export function expandHelpers(line: string, context: HelperContext): string {
  let text = line;
  if (!text.includes('#{')) {
    return text;
  }
  for (let round = 0; round < maxRounds; round += 1) {
    const found = rightmost(text);
    if (found === undefined) {
      return text.replaceAll(guard, '#{');
    }
    const result = evaluate(found.type, found.body, found.whole, context, line);
    text = text.slice(0, found.at) + result + text.slice(found.at + found.whole.length);
  }
  context.say(0, `WARNING: gave up expanding after ${maxRounds} rounds: ${context.place}`);
  return text.replaceAll(guard, '#{');
}

/** Stands for the `#{` of text that must not be searched again: an unknown type, or a helper that failed. */
const guard = '\u0001#\u0001{';

type Found = {readonly at: number; readonly whole: string; readonly type: string; readonly body: string};

function rightmost(text: string): Found | undefined {
  let last: Found | undefined;
  for (const match of text.matchAll(helper)) {
    const [whole, type = '', body] = match;
    if (body !== undefined || type === 'mtrah') {
      last = {at: match.index, whole, type, body: body ?? ''};
    }
  }
  return last;
}

function evaluate(
  type: string,
  rawBody: string,
  whole: string,
  context: HelperContext,
  line: string,
): string {
  const body = type === 'scheme' || type === 'scm' ? rawBody : unescapeBody(rawBody);
  const failed = (reason: string) => {
    context.say(0, `WARNING: failed to process config input "${line}" (${context.place})`);
    context.say(0, ` message: ${reason}`);
    return `${guard}( ${type} ) ${rawBody}}`;
  };
  const started = performance.now();
  const noteSlow = () => {
    const seconds = (performance.now() - started) / 1000;
    if (seconds * 1000 > slowMs) {
      context.say(0, `INFO: (0) ${context.place}: ${body} took ${seconds.toFixed(1)} seconds`);
    }
  };
  switch (type) {
    case 'getenv':
    case 'gv':
      return context.env[body.trim()] ?? '#f';
    case 'get':
    case 'g': {
      const [section, key] = body.trim().split(/[ \t]+/);
      if (section === undefined || key === undefined) {
        return failed('"get" needs a section and a key');
      }
      return context.config.get(section, key) ?? '#f';
    }
    case 'rget':
    case 'runconfigs': {
      return runconfigsGet(body.trim(), context) ?? '#f';
    }
    case 'shell':
    case 'sh': {
      if (!context.allowsCommands) {
        return `${guard}(${type})  ${rawBody}}`;
      }
      const result = runShell(body, context.env, context.cwd, context.timeLeftMs());
      noteSlow();
      if (result.code !== 0) {
        context.say(0, `ERROR: ${body} returned bad exit code ${result.code}`);
        return '';
      }
      return joinLines(result.stdout);
    }
    case 'system': {
      if (!context.allowsCommands) {
        return `${guard}(${type})  ${rawBody}}`;
      }
      const result = runShell(`${body} 1>&2`, context.env, context.cwd, context.timeLeftMs());
      noteSlow();
      return String(result.code);
    }
    case 'scheme':
    case 'scm':
      try {
        return display(interpreterFor(context).evaluate(rawBody));
      } catch (error) {
        return failed(error instanceof Error ? error.message : String(error));
      } finally {
        noteSlow();
      }
    case 'rp':
    case 'realpath':
      return resolvePath(body.trim(), context.cwd);
    case 'mtrah':
      return context.areaPath === undefined
        ? '#f'
        : body === ''
          ? context.areaPath
          : `${context.areaPath}/${body}`;
    default:
      return whole.replace('#{', guard);
  }
}

function runconfigsGet(key: string, context: HelperContext): string | undefined {
  for (const config of [context.config, context.runconfigs]) {
    const value =
      (context.target === undefined ? undefined : config?.get(context.target, key)) ??
      config?.get('default', key);
    if (value !== undefined) {
      return value;
    }
  }
  return undefined;
}

const escapes: Readonly<Record<string, string>> = {n: '\n', t: '\t', r: '\r'};

function unescapeBody(body: string): string {
  return body.replace(/\\(.)/g, (_, char: string) => escapes[char] ?? char);
}

/** Absolute and textually normalised; symbolic links are not followed, `~` is expanded. */
function resolvePath(path: string, cwd: string): string {
  const whole = path.startsWith('~/') || path === '~' ? homedir() + path.slice(1) : path;
  const absolute = normalize(isAbsolute(whole) ? whole : join(cwd, whole));
  return absolute.length > 1 && absolute.endsWith('/') ? absolute.slice(0, -1) : absolute;
}

function interpreterFor(context: HelperContext): Interpreter {
  const {env} = context;
  const host: SchemeHost = {
    getenv: (name) => env[name],
    setenv: (name, value) => {
      if (value === undefined) {
        delete env[name];
      } else {
        env[name] = value;
      }
    },
    print: (text) => process.stderr.write(text),
    system: (command) => runShell(`${command} 1>&2`, env, context.cwd, context.timeLeftMs()).code,
    createDirectory: (path, withParents) => {
      if (!isDirectory(resolvePath(path, context.cwd))) {
        mkdirSync(resolvePath(path, context.cwd), {recursive: withParents});
      }
    },
    fileExists: (path) => {
      try {
        accessSync(resolvePath(path, context.cwd), constants.F_OK);
        return true;
      } catch {
        return false;
      }
    },
    isDirectory: (path) => isDirectory(resolvePath(path, context.cwd)),
    currentDirectory: () => context.cwd,
    hostName: () => hostname(),
    nowS: () => Math.floor(Date.now() / 1000),
    processorCount: () => availableParallelism(),
  };
  const interpreter = new Interpreter({host});
  const lookup = (args: readonly unknown[]) => context.config.get(String(args[1]), String(args[2])) ?? false;
  interpreter.define('ht', new Map());
  interpreter.define('*configdat*', new Map());
  interpreter.define('*toppath*', context.areaPath ?? false);
  interpreter.defineProcedure('config-lookup', lookup);
  interpreter.defineProcedure('configf:lookup', lookup);
  interpreter.defineProcedure(
    'runconfigs-get',
    (args) => runconfigsGet(String(args.at(-1)), context) ?? false,
  );
  interpreter.defineProcedure(
    'args:get-arg',
    (args) => context.commandLine.get(String(args[0])) ?? args[1] ?? false,
  );
  interpreter.defineProcedure('shell', (args) =>
    joinLines(runShell(String(args[0]), env, context.cwd).stdout),
  );
  return interpreter;
}

function isDirectory(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}

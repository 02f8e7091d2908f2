/**
 * The Scheme of config files (spec config.md 18, scheme.md 4): the standard procedures, the environment and disk that the file
 * is read in, and Megatest's own names.
 */
import {accessSync, constants, mkdirSync, readFileSync, statSync, unlinkSync} from 'node:fs';
import {availableParallelism, hostname, userInfo} from 'node:os';
import {TestPattern} from '@megatest/model';
import {
  display,
  Interpreter,
  isList,
  SchemeError,
  type SchemeHost,
  type SchemeLimits,
  schemeText,
  type Value,
} from '@megatest/scheme';
import type {Config} from './config.ts';
import {resolvePath} from './resolve-path.ts';
import {runconfigsGet} from './runconfigs-get.ts';
import {type Env, joinLines, runShell, runShellToStderr} from './shell.ts';

export type SchemeWorldOptions = {
  readonly config: Config;
  readonly env: Env;
  readonly cwd: string;
  readonly areaPath: string | undefined;
  readonly target: string | undefined;
  readonly areaConfig: Config | undefined;
  readonly runconfigs: Config | undefined;
  /** Options as given; a switch without a value is `true`. */
  readonly commandLine: ReadonlyMap<string, string | true>;
  /** Test name to directory. */
  readonly tests: (() => ReadonlyMap<string, string>) | undefined;
  readonly databaseDirectory: string | undefined;
  readonly timeLeftMs: () => number | undefined;
  /** What is different from the expressions of a file, for a script. */
  readonly host?: Partial<SchemeHost>;
  readonly limits?: Partial<SchemeLimits>;
};

/** `*user-hash-data*`: how expressions pass data to later ones, in whatever file (config.md 18). */
const sharedData: Value = new Map();

export class SchemeWorld {
  readonly #options: SchemeWorldOptions;
  /** With everything that is known in this world. */
  get interpreter(): Interpreter {
    return this.#interpreter;
  }

  readonly #interpreter: Interpreter;
  /** What `ht` and its like stand for. */
  readonly #configs = new Map<Value, () => Config>();

  constructor(options: SchemeWorldOptions) {
    this.#options = options;
    const {limits, host} = options;
    this.#interpreter = new Interpreter({
      host: withSchemeErrors({...hostOf(options), ...host}),
      ...(limits === undefined ? {} : {limits}),
    });
    this.#defineVariables();
    this.#defineProcedures();
  }

  /** Evaluates the expressions of one helper; `value` is the last one's, as text. */
  evaluate(code: string): {readonly value: string; readonly surplus: string} {
    const {value, surplus} = this.#interpreter.evaluateBody(code);
    return {value: display(value), surplus};
  }

  #defineVariables(): void {
    const options = this.#options;
    const {config, areaConfig, areaPath} = options;
    for (const [name, meant] of [
      ['ht', () => config],
      ['*configdat*', () => areaConfig ?? config],
      // Asked for only when used: a script reads the file then.
      ['*runconfigdat*', () => options.runconfigs ?? config],
    ] as const) {
      const handle: Value = new Map();
      this.#configs.set(handle, meant);
      this.#interpreter.define(name, handle);
    }
    this.#interpreter.define('*toppath*', areaPath ?? false);
    this.#interpreter.define('*user-hash-data*', sharedData);
  }

  #defineProcedures(): void {
    const {config, env, cwd, commandLine, tests, timeLeftMs, databaseDirectory} = this.#options;
    const define = (name: string, call: (args: readonly Value[]) => Value) =>
      this.#interpreter.defineProcedure(name, call);
    const lookup = ([table, section, key]: readonly Value[]): Value =>
      (this.#configs.get(table ?? false)?.() ?? config).get(
        schemeText(section, 'config-lookup'),
        schemeText(key, 'config-lookup'),
      ) ?? false;
    define('config-lookup', lookup);
    define('configf:lookup', lookup);
    define(
      'runconfigs-get',
      (args) => runconfigsGet(schemeText(args.at(-1), 'runconfigs-get'), this.#options) ?? false,
    );
    define('args:get-arg', ([name, otherwise]) => {
      return commandLine.get(schemeText(name, 'args:get-arg')) ?? otherwise ?? false;
    });
    define('shell', ([command]) =>
      joinLines(runShell(schemeText(command, 'shell'), env, cwd, timeLeftMs()).stdout),
    );
    define('common:get-num-cpus', ([host = false]) => {
      if (host !== false && host !== 'localhost' && host !== hostname()) {
        throw new SchemeError(`common:get-num-cpus: only this host can be asked, not ${display(host)}`);
      }
      return availableParallelism();
    });
    define('tests:get-all', () => new Map<unknown, string>(tests?.() ?? []));
    define('tests:filter-test-names', ([names, patterns]) => {
      const pattern = new TestPattern(schemeText(patterns, 'tests:filter-test-names'));
      return isList(names ?? false)
        ? (names as readonly Value[]).filter((name) => pattern.matchesName(display(name)))
        : [];
    });
    define('db:dbfile-path', () => databaseDirectory ?? false);
    define('common:get-testsuite-name', () => env.MT_TESTSUITENAME ?? env.MT_TESTSUITE_NAME ?? false);
    define('common:get-linktree', () => env.MT_LINKTREE ?? config.get('setup', 'linktree') ?? false);
  }
}

function hostOf({env, cwd, timeLeftMs}: SchemeWorldOptions): SchemeHost {
  const absolute = (path: string) => resolvePath(path, cwd, env);
  return {
    getenv: (name) => env[name],
    setenv: (name, value) => {
      if (value === undefined) {
        delete env[name];
      } else {
        env[name] = value;
      }
    },
    // Standard output belongs to the command that reads the file.
    print: (text) => process.stderr.write(text),
    system: (command) => runShellToStderr(command, env, cwd, timeLeftMs()).code,
    readCommand: (command) => runShell(command, env, cwd, timeLeftMs()).stdout,
    readFile: (path) => readFileSync(absolute(path), 'utf8'),
    deleteFile: (path) => unlinkSync(absolute(path)),
    glob: (pattern) =>
      runShell(`for f in ${pattern}; do [ -e "$f" ] && printf '%s\\n' "$f"; done`, env, cwd, timeLeftMs())
        .stdout.split('\n')
        .filter((name) => name !== ''),
    createDirectory: (path, withParents) => {
      if (!isDirectory(absolute(path))) {
        mkdirSync(absolute(path), {recursive: withParents});
      }
    },
    fileExists: (path) => {
      try {
        accessSync(absolute(path), constants.F_OK);
        return true;
      } catch {
        return false;
      }
    },
    isDirectory: (path) => isDirectory(absolute(path)),
    currentDirectory: () => cwd,
    hostName: () => hostname(),
    userName: () => userInfo().username,
    nowS: () => Math.floor(Date.now() / 1000),
    processorCount: () => availableParallelism(),
    sleep: (seconds) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
    },
  };
}

/** What the system refuses (a file that is not there) is a mistake of the code, which it can handle. */
function withSchemeErrors(host: SchemeHost): SchemeHost {
  const guarded = Object.entries(host).map(([name, call]) => [
    name,
    (...args: readonly unknown[]): unknown => {
      try {
        return Reflect.apply(call, host, args);
      } catch (error) {
        throw error instanceof Error && 'syscall' in error ? new SchemeError(error.message) : error;
      }
    },
  ]);
  return Object.fromEntries(guarded) as SchemeHost;
}

function isDirectory(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}

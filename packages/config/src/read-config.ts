/**
 * Reads a config file (spec config.md 1 to 7). Reading is synchronous: it happens in a short-lived planning child or in a
 * command, and every line may depend on what the lines before it did to the environment.
 */
import {dirname, isAbsolute, join} from 'node:path';
import {quoteForShell, UserError, unreachable} from '@megatest/model';
import {classifyLine} from './classify-line.ts';
import {Config, type Entry, type Origin, type Section} from './config.ts';
import {isExecutable, readConfigFile} from './config-file.ts';
import {expandHelpers, type Helper} from './expand-helpers.ts';
import {evaluateHelper, type HelperContext, unclosedHelper} from './helpers.ts';
import {forEachLogicalLine, type LogicalLine, positionIn} from './logical-lines.ts';
import {messagesOf, type ReadNote} from './read-note.ts';
import {expandHome} from './resolve-path.ts';
import {SchemeWorld} from './scheme-world.ts';
import {sectionPattern} from './section-pattern.ts';
import {type Env, evaluateInShell, joinLines, runShell} from './shell.ts';

export type ReadOptions = {
  /** Changed by env sections; give a copy to keep plans apart. */
  readonly env: Env;
  /** Where commands run and relative paths of `rp` start. */
  readonly cwd: string;
  /** `deferred`: `[system]` values of `[items]` and `[itemstable]` are kept for later. */
  readonly commands: 'yes' | 'no' | 'deferred';
  readonly envSections?: RegExp;
  /** With a filter only these sections (and pattern sections that match them) are kept and may run commands. */
  readonly filter?: readonly string[];
  /** A section that exists from the start, so that pattern sections apply to it. */
  readonly seed?: string;
  /** A config to add to; entries of the file replace its own. */
  readonly base?: Config;
  readonly areaPath?: string;
  readonly target?: string;
  /** The loaded `megatest.config` and runconfigs, when another file is read. */
  readonly areaConfig?: Config;
  readonly runconfigs?: Config;
  /** Told when `rget` found nothing and there are no runconfigs to look at. */
  readonly onRunconfigsMissed?: () => void;
  /** Options of the command line, for `args:get-arg`; a switch without a value is `true`. */
  readonly commandLine?: ReadonlyMap<string, string | true>;
  /** Test name to directory, for `tests:get-all`. */
  readonly tests?: () => ReadonlyMap<string, string>;
  /** For `db:dbfile-path`. */
  readonly databaseDirectory?: string;
  readonly say?: (level: number, text: string) => void;
  /** Told of everything that the reader notices, also of what has no message. */
  readonly note?: (note: ReadNote) => void;
  /** Called when a section ends, in whatever file: how `[fields]` takes effect before the next section. */
  readonly onSectionEnd?: (section: Section, env: Env) => void;
  /**
   * Told when a line depends on the environment: with the name for `#{getenv NAME}`, with `undefined` for a command or an
   * expression, which may look at anything.
   */
  readonly onEnvironmentUse?: (name: string | undefined) => void;
  /** Milliseconds (`performance.now()`) after which reading gives up, saying what it was doing. */
  readonly deadlineMs?: number;
};

const maxIncludeDepth = 100;
/** Files that include each other twice each would otherwise be read for ever before they are too deep. */
const maxIncludes = 10_000;

/** Reads `path`; a file that does not exist reads as empty, with a message at level 1. */
export function readConfig(path: string, options: ReadOptions): Config {
  const reader = new ConfigReader(options);
  reader.readFile(path);
  return reader.finish();
}

/** Reads text that stands in no file, such as the output of a command. */
export function readConfigText(text: string, name: string, options: ReadOptions): Config {
  const reader = new ConfigReader(options);
  reader.readText(text, name);
  return reader.finish();
}

/** State of one file being read; its includes have their own. */
type FileState = {
  readonly file: string;
  /** Where relative includes start. */
  readonly directory: string;
  readonly includedFrom: readonly string[];
  section: Section;
  /** Key of the entry that indented lines continue, with the lead of its first one. */
  open: {readonly key: string; lead: string | undefined} | undefined;
};

class ConfigReader {
  readonly #options: ReadOptions;
  readonly #config: Config;
  #trims = false;
  #includes = 0;
  #scheme: SchemeWorld | undefined;
  /** Sections that exist although no header has named them yet. */
  readonly #implicit = new Set<string>();
  /** Files being read, from the outermost to this one. */
  readonly #files: string[] = [];

  constructor(options: ReadOptions) {
    this.#options = options;
    this.#config = options.base ?? new Config();
    if (options.seed !== undefined) {
      this.#openImplicitly(options.seed, nowhere);
    }
  }

  readFile(path: string): void {
    const text = readConfigFile(path);
    if (text === undefined) {
      const {cwd} = this.#options;
      this.#note({kind: 'file-missing', origin: {...nowhere, file: path}, path, cwd});
      return;
    }
    this.readText(text, path);
  }

  readText(text: string, file: string): void {
    const state: FileState = {
      file,
      directory: dirname(file),
      includedFrom: [],
      section: this.#openImplicitly('default', {...nowhere, file}),
      open: undefined,
    };
    this.#readLines(text, state);
    this.#endSection(state);
    // A section "default" that nobody mentioned must not appear in a listing.
    if (this.#implicit.has('default') && this.#config.section('default')?.isEmpty === true) {
      this.#config.delete('default');
    }
  }

  #openImplicitly(name: string, origin: Origin): Section {
    if (this.#config.section(name) === undefined) {
      this.#implicit.add(name);
    }
    return this.#config.open(name, origin);
  }

  /** Opens the section of a header. One that existed unmentioned takes its place in the order of the file now. */
  #openByHeader(name: string, origin: Origin): Section {
    if (this.#implicit.delete(name)) {
      this.#config.placeLast(name);
    }
    return this.#config.open(name, origin);
  }

  finish(): Config {
    const {filter} = this.#options;
    if (filter !== undefined) {
      for (const section of this.#config.sections) {
        if (!filter.includes(section.name)) {
          this.#config.delete(section.name);
        }
      }
    }
    return this.#config;
  }

  #note(note: ReadNote): void {
    this.#options.note?.(note);
    const {say} = this.#options;
    if (say !== undefined) {
      for (const {level, text} of messagesOf(note)) {
        say(level, text);
      }
    }
  }

  #readLines(text: string, state: FileState): void {
    if (text.includes('\0')) {
      const line = text.slice(0, text.indexOf('\0')).split('\n').length;
      throw new UserError('this is no text file, there is a zero byte in it', {
        place: {file: state.file, line},
      });
    }
    this.#files.push(state.file);
    forEachLogicalLine(text, state.file, (line) => {
      this.#checkTime(state.file, line.line);
      this.#readLine(line, state);
    });
    this.#files.pop();
  }

  #checkTime(file: string, line: number): void {
    const {deadlineMs} = this.#options;
    if (deadlineMs !== undefined && performance.now() > deadlineMs) {
      throw new UserError('reading took too long and was given up here', {place: {file, line}});
    }
  }

  #timeLeftMs(): number | undefined {
    const {deadlineMs} = this.#options;
    return deadlineMs === undefined ? undefined : Math.max(1, deadlineMs - performance.now());
  }

  #readLine(logical: LogicalLine, state: FileState): void {
    const expanded = logical.text.includes('#{') ? this.#expand(logical, state) : logical.text;
    const text = this.#trims ? expanded.trimEnd() : expanded;
    const line = classifyLine(text);
    const originAt = (offset: number): Origin => originIn(logical, offset, state);
    switch (line.kind) {
      case 'entry':
        this.#entry(line.key, line.value, state, originAt(line.valueAt));
        return;
      case 'indented':
        this.#continue(line.indent, line.text, state, originAt(line.indent.length));
        return;
      case 'command':
        state.open = undefined;
        this.#commandValue(line.key, line.command, text, state, originAt(line.valueAt));
        return;
      case 'unparsable':
        this.#note({kind: 'unparsable-line', origin: originAt(0), text});
        return;
      case 'section':
        this.#endSection(state);
        state.section = this.#openByHeader(line.name, originAt(0));
        return;
      case 'comment':
        state.open = undefined;
        return;
      case 'setting':
        state.open = undefined;
        if (line.name === 'trim-trailing-spaces') {
          this.#trims = line.value !== 'no';
        } else {
          this.#note({kind: 'setting-unknown', origin: originAt(0), name: line.name});
        }
        return;
      case 'include':
        state.open = undefined;
        this.#include(line.path, state, originAt(0));
        return;
      case 'script':
        state.open = undefined;
        this.#includeScript(line.script, line.args, state, originAt(0));
        return;
      default:
        unreachable(line);
    }
  }

  /** Puts the results of the helpers in their place; what does not matter in a comment is noted when the line is none. */
  #expand(logical: LogicalLine, state: FileState): string {
    const later: ReadNote[] = [];
    const {env, cwd, areaPath, target, runconfigs} = this.#options;
    const context: HelperContext = {
      config: this.#config,
      env,
      cwd,
      areaPath,
      target,
      runconfigs,
      allowsCommands: this.#options.commands !== 'no' && this.#isSelected(state.section.name),
      scheme: () => this.#schemeWorld(),
      note: (note) => this.#note(note),
      noteUnlessComment: (note) => later.push(note),
      line: logical.text,
      originOf: (helper) => originIn(logical, helper.at, state),
      timeLeftMs: () => this.#timeLeftMs(),
      uses: (name) => this.#options.onEnvironmentUse?.(name),
      missesRunconfigs: () => this.#options.onRunconfigsMissed?.(),
    };
    const {text, gaveUp} = expandHelpers(logical, (helper: Helper) => evaluateHelper(helper, context));
    if (gaveUp !== undefined) {
      this.#note({kind: 'helper-endless', origin: originIn(logical, 0, state), reason: gaveUp});
    }
    if (!/^[ \t]*(#|$)/.test(text)) {
      const unclosed = unclosedHelper(text);
      if (unclosed !== undefined) {
        const at = Math.max(0, logical.text.lastIndexOf(unclosed));
        later.push({kind: 'helper-unclosed', origin: originIn(logical, at, state), text: unclosed});
      }
      for (const note of later) {
        this.#note(note);
      }
    }
    return text;
  }

  #schemeWorld(): SchemeWorld {
    const {env, cwd, areaPath, target, areaConfig, runconfigs, commandLine, tests, databaseDirectory} =
      this.#options;
    this.#scheme ??= new SchemeWorld({
      config: this.#config,
      env,
      cwd,
      areaPath,
      target,
      areaConfig,
      runconfigs,
      commandLine: commandLine ?? new Map(),
      tests,
      databaseDirectory,
      timeLeftMs: () => this.#timeLeftMs(),
    });
    return this.#scheme;
  }

  /** Whether commands of this section may run: all without a filter, else the kept ones and the patterns that match them. */
  #isSelected(name: string): boolean {
    const {filter, seed} = this.#options;
    if (filter === undefined || filter.includes(name)) {
      return true;
    }
    const pattern = sectionPattern(name);
    return (
      pattern instanceof RegExp &&
      [...filter, ...(seed === undefined ? [] : [seed])].some((kept) => pattern.test(kept))
    );
  }

  #set(state: FileState, entry: Entry): void {
    const earlier = state.section.entry(entry.key);
    state.section.set(entry);
    if (earlier !== undefined && this.#options.note !== undefined) {
      this.#note({
        kind: 'key-redefined',
        origin: entry.origin,
        section: state.section.name,
        entry,
        earlier,
      });
    }
  }

  #entry(key: string, text: string, state: FileState, origin: Origin): void {
    let value = text;
    if (this.#isEnvSection(state.section.name) && this.#options.commands !== 'no') {
      const {env, cwd} = this.#options;
      this.#options.onEnvironmentUse?.(undefined);
      const evaluated = evaluateInShell(text, env, cwd, this.#timeLeftMs());
      if (evaluated === undefined) {
        this.#note({kind: 'env-value-failed', origin, key, value: text});
        state.section.fail(key, origin);
        state.open = undefined;
        return;
      }
      value = evaluated;
      if (isExportable(key)) {
        env[key] = value;
      } else {
        this.#note({kind: 'env-key-unusable', origin, key});
      }
    }
    this.#set(state, {key, value, origin, isDeferred: false});
    state.open = {key, lead: undefined};
  }

  #continue(indent: string, text: string, state: FileState, origin: Origin): void {
    const {open} = state;
    if (open === undefined) {
      this.#note({kind: 'dropped-line', origin, text});
      return;
    }
    let kept = '';
    if (open.lead === undefined) {
      open.lead = indent;
    } else {
      kept = indent.includes(open.lead) ? indent.replace(open.lead, '') : indent;
    }
    state.section.extend(open.key, `${state.section.get(open.key) ?? ''}\n${kept}${text}`);
  }

  #commandValue(key: string, command: string, line: string, state: FileState, origin: Origin): void {
    const {commands, env, cwd} = this.#options;
    const {name} = state.section;
    if (commands === 'no' || !this.#isSelected(name)) {
      return;
    }
    if (commands === 'deferred' && (name === 'items' || name === 'itemstable')) {
      this.#set(state, {key, value: command, origin, isDeferred: true});
      return;
    }
    this.#options.onEnvironmentUse?.(undefined);
    const started = performance.now();
    const {code, stdout, stopped} = runShell(command, env, cwd, this.#timeLeftMs());
    const seconds = (performance.now() - started) / 1000;
    const value = joinLines(stdout);
    if (stopped !== undefined) {
      this.#note({kind: 'command-stopped', origin, command, reason: stopped});
    }
    if (code !== 0) {
      this.#note({kind: 'value-command-failed', origin, line, code, output: value});
    }
    if (seconds > slowCommandS) {
      this.#note({kind: 'helper-slow', origin, body: command, seconds});
    }
    this.#set(state, {key, value, origin, isDeferred: false});
  }

  #include(name: string, state: FileState, origin: Origin): void {
    const expanded = expandHome(name, this.#options.env);
    const path = isAbsolute(expanded) ? expanded : join(state.directory, expanded);
    this.#includes += 1;
    if (state.includedFrom.length >= maxIncludeDepth) {
      this.#note({kind: 'include-too-deep', origin, path, depth: maxIncludeDepth});
      return;
    }
    if (this.#includes > maxIncludes) {
      throw new UserError(`more than ${maxIncludes} files are included: this looks like a loop`, {
        place: {file: origin.file, line: origin.line},
      });
    }
    const text = readConfigFile(path);
    if (text === undefined) {
      this.#note({kind: 'include-missing', origin, path});
      return;
    }
    if (this.#files.includes(path)) {
      this.#note({kind: 'include-again', origin, path});
    }
    this.#readInside(text, {file: path, directory: dirname(path)}, state, origin);
  }

  #includeScript(script: string, args: string, state: FileState, origin: Origin): void {
    const {env, cwd} = this.#options;
    const candidates = isAbsolute(script) ? [script] : [join(cwd, script), join(state.directory, script)];
    const path = candidates.find(isExecutable);
    if (path === undefined) {
      this.#note({kind: 'script-missing', origin, script});
      return;
    }
    const command = `${quoteForShell(path)}${args}`;
    this.#options.onEnvironmentUse?.(undefined);
    const {code, stdout, stopped} = runShell(command, env, cwd, this.#timeLeftMs());
    if (stopped !== undefined) {
      this.#note({kind: 'command-stopped', origin, command, reason: stopped});
    } else if (code !== 0) {
      this.#note({kind: 'script-failed', origin, command, code});
    }
    this.#readInside(stdout, {file: `${path} (output)`, directory: state.directory}, state, origin);
  }

  #readInside(
    text: string,
    where: {readonly file: string; readonly directory: string},
    state: FileState,
    origin: Origin,
  ): void {
    const inner: FileState = {
      ...where,
      includedFrom: [...state.includedFrom, `${origin.file}:${origin.line}`],
      section: state.section,
      open: undefined,
    };
    this.#readLines(text, inner);
    if (inner.section !== state.section) {
      this.#endSection(inner);
    }
  }

  /** Applies a pattern section to the sections that exist, and tells the caller that a section is complete. */
  #endSection(state: FileState): void {
    state.open = undefined;
    const {section} = state;
    const {name, origin} = section;
    const pattern = sectionPattern(name);
    if (pattern === undefined) {
      this.#options.onSectionEnd?.(section, this.#options.env);
      return;
    }
    this.#config.delete(name);
    if (pattern === 'invalid') {
      this.#note({kind: 'section-invalid', origin, name});
      return;
    }
    let count = 0;
    for (const other of this.#config.sections) {
      if (pattern.test(other.name)) {
        count += 1;
        for (const entry of section.entries) {
          other.set(entry);
        }
      }
    }
    this.#note({kind: 'section-applied', origin, name, count});
  }

  #isEnvSection(name: string): boolean {
    return this.#options.envSections?.test(name) ?? false;
  }
}

const nowhere: Origin = {file: '', line: 0, column: 1, includedFrom: []};
const slowCommandS = 2;

function originIn(line: LogicalLine, offset: number, state: FileState): Origin {
  const position = positionIn(line, offset);
  return {file: state.file, line: position.line, column: position.column, includedFrom: state.includedFrom};
}

/** Internal keys (with `:`) and names that no environment can hold are never exported. */
export function isExportable(key: string): boolean {
  return key !== '' && !key.includes(':') && !key.includes('=');
}

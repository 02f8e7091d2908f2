/**
 * Reads a config file (spec config.md 1 to 7). Reading is synchronous: it happens in a short-lived planning child or in a
 * command, and every line may depend on what the lines before it did to the environment.
 */
import {accessSync, constants, readFileSync, statSync} from 'node:fs';
import {homedir} from 'node:os';
import {dirname, isAbsolute, join} from 'node:path';
import {UserError} from '@megatest/model';
import {Config, type Origin, type Section} from './config.ts';
import {expandHelpers, type HelperContext} from './helpers.ts';
import {type Env, evaluateInShell, joinLines, runShell} from './shell.ts';

export type ReadOptions = {
  /** Changed by env sections; give a copy to keep plans apart. */
  readonly env: Env;
  /** Where commands run and relative paths of `rp` start. */
  readonly cwd: string;
  /** `deferred`: `[system]` values of `[items]` and `[itemstable]` are kept for later. */
  readonly commands: 'yes' | 'no' | 'deferred';
  readonly envSections?: RegExp;
  /** With a filter only these sections (and pattern sections that match the seed) are kept and may run commands. */
  readonly filter?: readonly string[];
  readonly seed?: string;
  readonly base?: Config;
  readonly areaPath?: string;
  readonly target?: string;
  readonly runconfigs?: Config;
  readonly commandLine?: ReadonlyMap<string, string>;
  readonly say?: (level: number, text: string) => void;
  /** Called when a section ends, in whatever file: how `[fields]` takes effect before the next section. */
  readonly onSectionEnd?: (section: Section, env: Env) => void;
  /** Milliseconds (`performance.now()`) after which reading gives up, saying what it was doing. */
  readonly deadlineMs?: number;
};

const maxIncludeDepth = 100;
/** A line longer than this is no config line. */
const maxLineLength = 16 * 1024 * 1024;
const maxFileBytes = 256 * 1024 * 1024;

const settingLine = /^\[configf:settings[ \t]+(\S+)[ \t]+(.*)\][ \t]*$/;
const includeLine = /^\[include[ \t]+(.*)\][ \t]*$/;
const scriptLine = /^\[scriptinc[ \t]+([^\s\]]+)([^\]]*)\][ \t]*$/;
const sectionLine = /^\[(.*)\][ \t]*$/;
const commandLine = /^(\S+)([ \t]+)\[system[ \t]+(.*)\][ \t]*$/;
const keyOnlyLine = /^(\S+)([ \t]*)$/;
const keyValueLine = /^(\S+)([ \t]+)(\S.*)$/s;
const indentedLine = /^([ \t]+)(\S.*)$/;

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
  readonly includedFrom: readonly string[];
  section: Section;
  /** Key of the entry that indented lines continue, with the lead of its first one. */
  open: {readonly key: string; readonly isEnv: boolean; lead: string | undefined} | undefined;
};

class ConfigReader {
  readonly #options: ReadOptions;
  readonly #config: Config;
  readonly #say: (level: number, text: string) => void;
  #trims = false;
  #nextLineOrigin: Origin = {file: '', line: 0, column: 1, includedFrom: []};

  constructor(options: ReadOptions) {
    this.#options = options;
    this.#config = options.base ?? new Config();
    this.#say = options.say ?? (() => {});
    if (options.seed !== undefined) {
      this.#config.open(options.seed, this.#nextLineOrigin);
    }
  }

  readFile(path: string): void {
    const text = this.#load(path);
    if (text === undefined) {
      this.#say(1, `read-config - file not found ${path} current path: ${this.#options.cwd}`);
      return;
    }
    this.readText(text, path);
  }

  readText(text: string, file: string): void {
    const origin: Origin = {file, line: 0, column: 1, includedFrom: []};
    const state: FileState = {
      file,
      includedFrom: [],
      section: this.#config.open('default', origin),
      open: undefined,
    };
    const hadDefault = state.section.entries.length > 0;
    this.#readLines(text, state);
    this.#endSection(state);
    // A section "default" that nobody mentioned must not appear in a listing.
    const implicit = this.#config.section('default');
    if (
      !hadDefault &&
      implicit !== undefined &&
      implicit.origin.line === 0 &&
      implicit.entries.length === 0
    ) {
      this.#config.delete('default');
    }
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

  #load(path: string): string | undefined {
    try {
      const {size} = statSync(path);
      if (size > maxFileBytes) {
        throw new UserError(`the file has ${size} bytes, a config file may have at most ${maxFileBytes}`, {
          place: {file: path},
        });
      }
      return readFileSync(path, 'utf8');
    } catch (error) {
      if (error instanceof UserError) {
        throw error;
      }
      return undefined;
    }
  }

  #readLines(text: string, state: FileState): void {
    let lineNumber = 0;
    let from = 0;
    while (from < text.length) {
      let end = text.indexOf('\n', from);
      end = end < 0 ? text.length : end;
      if (end - from > maxLineLength) {
        throw new UserError(`the line has ${end - from} characters, at most ${maxLineLength} are allowed`, {
          place: {file: state.file, line: lineNumber + 1},
        });
      }
      let line = text.slice(from, end).replace(/\r$/, '');
      from = end + 1;
      lineNumber += 1;
      const start = lineNumber;
      while (line.endsWith('\\')) {
        let next = text.indexOf('\n', from);
        next = next < 0 ? text.length : next;
        line = line.slice(0, -1) + text.slice(from, next).replace(/\r$/, '');
        if (from >= text.length) {
          break;
        }
        from = next + 1;
        lineNumber += 1;
      }
      this.#checkTime(state.file, start);
      this.#readLine(line, start, state);
    }
  }

  #checkTime(file: string, line: number): void {
    const {deadlineMs} = this.#options;
    if (deadlineMs !== undefined && performance.now() > deadlineMs) {
      throw new UserError('reading took too long and was given up here', {place: {file, line}});
    }
  }

  #readLine(raw: string, lineNumber: number, state: FileState): void {
    this.#nextLineOrigin = {file: state.file, line: lineNumber, column: 1, includedFrom: state.includedFrom};
    const expanded = expandHelpers(raw, this.#helperContext(state, lineNumber));
    const line = this.#trims ? expanded.trimEnd() : expanded;
    if (/^[ \t]*(#|$)/.test(line)) {
      state.open = undefined;
      return;
    }
    const setting = settingLine.exec(line);
    if (setting !== null) {
      state.open = undefined;
      if (setting[1] === 'trim-trailing-spaces') {
        this.#trims = setting[2] !== 'no';
      }
      return;
    }
    const include = includeLine.exec(line);
    if (include !== null) {
      state.open = undefined;
      this.#include(include[1] ?? '', state);
      return;
    }
    const script = scriptLine.exec(line);
    if (script !== null) {
      state.open = undefined;
      this.#includeScript(script[1] ?? '', script[2] ?? '', state);
      return;
    }
    const section = sectionLine.exec(line);
    if (section !== null) {
      this.#endSection(state);
      state.section = this.#config.open(section[1] ?? '', this.#nextLineOrigin);
      return;
    }
    const command = commandLine.exec(line);
    if (command !== null) {
      state.open = undefined;
      this.#commandValue(
        command[1] ?? '',
        command[3] ?? '',
        line,
        state,
        this.#originAt(line, command[1], command[2]),
      );
      return;
    }
    const keyOnly = keyOnlyLine.exec(line);
    const entry = keyOnly ?? keyValueLine.exec(line);
    if (entry !== null) {
      const [, key = '', gap = '', text = ''] = entry;
      this.#entry(key, keyOnly === null ? text : gap, state, this.#originAt(line, key, gap));
      return;
    }
    const indented = indentedLine.exec(line);
    if (indented !== null) {
      this.#continue(indented[1] ?? '', indented[2] ?? '', state);
      return;
    }
    this.#say(0, `ERROR: problem parsing ${state.file}:${lineNumber}, "${line}"`);
  }

  #originAt(line: string, key = '', gap = ''): Origin {
    return {...this.#nextLineOrigin, column: Math.min(line.length, key.length + gap.length) + 1};
  }

  #helperContext(state: FileState, lineNumber: number): HelperContext {
    const {env, cwd, areaPath, target, runconfigs, deadlineMs} = this.#options;
    return {
      config: this.#config,
      env,
      cwd,
      areaPath,
      target,
      runconfigs,
      allowsCommands: this.#options.commands !== 'no' && this.#isSelected(state.section.name),
      commandLine: this.#options.commandLine ?? new Map(),
      say: this.#say,
      place: `${state.file}:${lineNumber}`,
      timeLeftMs: () => (deadlineMs === undefined ? undefined : Math.max(1, deadlineMs - performance.now())),
    };
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

  #entry(key: string, text: string, state: FileState, origin: Origin): void {
    const isEnv = this.#isEnvSection(state.section.name);
    let value = text;
    if (isEnv && this.#options.commands !== 'no') {
      const evaluated = evaluateInShell(text, this.#options.env, this.#options.cwd);
      if (evaluated === undefined) {
        this.#say(0, `ERROR: problem evaluating "${text}" in the shell environment`);
        this.#say(0, `ERROR: bad value for setenv, key=${key}, value=#f`);
        state.section.delete(key);
        state.open = undefined;
        return;
      }
      value = evaluated;
      if (isExportable(key)) {
        this.#options.env[key] = value;
      }
    }
    state.section.set({key, value, origin, isDeferred: false});
    state.open = {key, isEnv, lead: undefined};
  }

  #continue(indent: string, text: string, state: FileState): void {
    const {open} = state;
    if (open === undefined) {
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
    if (commands === 'no' || !this.#isSelected(state.section.name)) {
      return;
    }
    if (commands === 'deferred' && (state.section.name === 'items' || state.section.name === 'itemstable')) {
      state.section.set({key, value: command, origin, isDeferred: true});
      return;
    }
    const context = this.#helperContext(state, origin.line);
    const result = runShell(command, env, cwd, context.timeLeftMs());
    const value = joinLines(result.stdout);
    if (result.code !== 0) {
      this.#say(0, `ERROR: problem with ${line}, return code ${result.code} output: ${value}`);
    }
    state.section.set({key, value, origin, isDeferred: false});
  }

  #include(name: string, state: FileState): void {
    const expanded = name.startsWith('~/') ? join(homedir(), name.slice(2)) : name;
    const path = isAbsolute(expanded) ? expanded : join(dirname(state.file), expanded);
    if (state.includedFrom.length >= maxIncludeDepth) {
      this.#say(
        0,
        `ERROR: ${state.file}: includes are nested deeper than ${maxIncludeDepth}, ${path} is left out`,
      );
      return;
    }
    const text = this.#load(path);
    if (text === undefined) {
      this.#say(2, `INFO: include file ${path} not found (called from ${state.file})`);
      return;
    }
    this.#readInside(text, path, state);
  }

  #includeScript(script: string, args: string, state: FileState): void {
    const {env, cwd} = this.#options;
    const candidates = isAbsolute(script) ? [script] : [join(cwd, script), join(dirname(state.file), script)];
    const path = candidates.find(isExecutable);
    if (path === undefined) {
      this.#say(0, `Script not found or not exectutable: ${script}`);
      return;
    }
    const {stdout} = runShell(`${path}${args}`, env, cwd, this.#helperContext(state, 0).timeLeftMs());
    this.#readInside(stdout, state.file, state);
  }

  #readInside(text: string, file: string, state: FileState): void {
    const place = `${state.file}:${this.#nextLineOrigin.line}`;
    const inner: FileState = {
      file,
      includedFrom: [...state.includedFrom, place],
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
    const pattern = sectionPattern(section.name);
    if (pattern === undefined) {
      this.#options.onSectionEnd?.(section, this.#options.env);
      return;
    }
    this.#config.delete(section.name);
    if (pattern === 'invalid') {
      this.#say(
        0,
        `ERROR: ${state.file}: [${section.name}] is not a valid regular expression, the section is dropped`,
      );
      return;
    }
    for (const other of this.#config.sections) {
      if (pattern.test(other.name)) {
        for (const entry of section.entries) {
          other.set(entry);
        }
      }
    }
  }

  #isEnvSection(name: string): boolean {
    return this.#options.envSections?.test(name) ?? false;
  }
}

/** The pattern of a `%` or `/regex/` section; `undefined` for an ordinary name. */
export function sectionPattern(name: string): RegExp | 'invalid' | undefined {
  const isRegex = name.length > 1 && name.startsWith('/') && name.endsWith('/');
  if (!isRegex && !name.includes('%')) {
    return undefined;
  }
  try {
    return new RegExp(`^(?:${isRegex ? name.slice(1, -1) : name.replaceAll('%', '.*')})$`);
  } catch {
    return 'invalid';
  }
}

/** Internal keys (with `:`) and names that no environment can hold are never exported. */
export function isExportable(key: string): boolean {
  return key !== '' && !key.includes(':') && !key.includes('=');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

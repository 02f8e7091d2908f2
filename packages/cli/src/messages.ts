/**
 * Where a command's words go (spec cli.md 6): results to standard output, everything else to the log channel, which is standard
 * error or the file of `-log`. A message is shown when its level is enabled.
 */
import {appendFileSync, mkdirSync, writeFileSync} from 'node:fs';
import {dirname, resolve} from 'node:path';
import {UserError} from '@megatest/model';

export type Verbosity =
  | {readonly kind: 'upTo'; readonly level: number}
  | {readonly kind: 'exactly'; readonly levels: readonly number[]};

/** `N`: levels up to N; `N,M,..`: just those. Members that are no numbers are dropped. */
export function parseVerbosity(text: string): Verbosity {
  const levels = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => /^\d+$/.test(part))
    .map(Number);
  return levels.length > 1 ? {kind: 'exactly', levels} : {kind: 'upTo', level: levels[0] ?? 1};
}

export function printVerbosity(verbosity: Verbosity): string {
  return verbosity.kind === 'upTo' ? String(verbosity.level) : verbosity.levels.join(',');
}

export class Messages {
  readonly verbosity: Verbosity;
  #logFile: string | undefined;

  constructor(verbosity: Verbosity) {
    this.verbosity = verbosity;
  }

  /** Sends the log channel to a file from now on. */
  logTo(file: string, cwd: string): void {
    const path = resolve(cwd, file);
    this.say(0, `INFO: (0) Sending log output to ${file}`);
    try {
      mkdirSync(dirname(path), {recursive: true});
      writeFileSync(path, '');
    } catch (error) {
      throw new UserError(
        `the log file cannot be written: ${error instanceof Error ? error.message : error}`,
        {place: {file: path}, hint: 'name another file, or leave -log out', exitCode: 1},
      );
    }
    this.#logFile = path;
  }

  /** A result, for standard output; the text brings its own line break. */
  print(text: string): void {
    process.stdout.write(text);
  }

  /** A message for the log channel, without its line break. */
  say(level: number, text: string): void {
    if (!this.isShown(level)) {
      return;
    }
    if (this.#logFile === undefined) {
      process.stderr.write(`${text}\n`);
      return;
    }
    appendFileSync(this.#logFile, `${text}\n`);
    if (level === 0 && text.startsWith('ERROR:')) {
      process.stderr.write(`${text}\n`);
    }
  }

  info(level: number, text: string): void {
    this.say(level, `INFO: (${level}) ${text}`);
  }

  error(text: string): void {
    this.say(0, `ERROR: ${text}`);
  }

  isShown(level: number): boolean {
    return this.verbosity.kind === 'upTo'
      ? level <= this.verbosity.level
      : this.verbosity.levels.includes(level);
  }
}

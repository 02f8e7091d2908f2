/** For tests: a temporary area whose files are written and read in one call. */
import {chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import type {Config} from './config.ts';
import {type ReadOptions, readConfig} from './read-config.ts';
import type {ReadNote} from './read-note.ts';
import type {Env} from './shell.ts';

export type Reading = {
  readonly config: Config;
  /** Section name to its pairs, in order. */
  readonly values: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  /** Messages of level 0. */
  readonly messages: readonly string[];
  readonly notes: readonly ReadNote[];
  readonly env: Env;
};

export class TemporaryArea {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'megatest-config-')));

  [Symbol.dispose](): void {
    rmSync(this.path, {recursive: true, force: true});
  }

  /** Writes a file below the area; one that begins with `#!` becomes executable. */
  write(name: string, text: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), {recursive: true});
    writeFileSync(path, text);
    if (text.startsWith('#!')) {
      chmodSync(path, 0o755);
    }
    return path;
  }

  read(text: string, options: Partial<ReadOptions> = {}): Reading {
    const messages: string[] = [];
    const notes: ReadNote[] = [];
    const env: Env = {PATH: process.env.PATH ?? '', ...options.env};
    const config = readConfig(this.write('megatest.config', text), {
      cwd: this.path,
      commands: 'yes',
      areaPath: this.path,
      say: (level, message) => {
        if (level === 0) {
          messages.push(message);
        }
      },
      note: (note) => notes.push(note),
      ...options,
      env,
    });
    return {config, values: valuesOf(config), messages, notes, env};
  }
}

export function valuesOf(config: Config): Reading['values'] {
  return Object.fromEntries(
    config.sections.map((section) => [
      section.name,
      section.entries.map(({key, value}) => [key, value] as const),
    ]),
  );
}

/**
 * What rules may reach of the world: all of it when a log is checked, next to nothing when only the rules are. Texts
 * in rules are Latin-1, one character per byte; those of the world are not.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, readFileSync, statSync} from 'node:fs';
import {availableParallelism, hostname} from 'node:os';
import {resolve} from 'node:path';
import type {RulesWorld} from './rules.ts';
import {bytesOf, charactersOf} from './utf8-bytes.ts';

export type Env = Record<string, string | undefined>;

export type WorldOptions = {
  readonly cwd: string;
  /** Changed by rules that set variables. */
  readonly env: Env;
  readonly print: (text: string) => void;
  /** Where the output of commands goes. */
  readonly commandOutput: 'inherit' | 'ignore' | number;
  readonly now: Date;
};

export function fullWorld({cwd, env, print, commandOutput, now}: WorldOptions): RulesWorld {
  const at = (path: string) => resolve(cwd, charactersOf(path));
  return {
    currentDirectory: bytesOf(cwd),
    now,
    readFile: (path) => readRules(at(path)),
    host: {
      print,
      getenv: (name) => {
        const value = env[name];
        return value === undefined ? undefined : bytesOf(value);
      },
      setenv: (name, value) => {
        env[name] = value === undefined ? undefined : charactersOf(value);
      },
      system: (command) =>
        spawnSync('/bin/sh', ['-c', charactersOf(command)], {
          cwd,
          env,
          stdio: ['ignore', commandOutput, commandOutput],
        }).status ?? 255,
      createDirectory: (path, withParents) => {
        if (!existsSync(at(path))) {
          mkdirSync(at(path), {recursive: withParents});
        }
      },
      fileExists: (path) => existsSync(at(path)),
      isDirectory: (path) => statSync(at(path), {throwIfNoEntry: false})?.isDirectory() ?? false,
      currentDirectory: () => bytesOf(cwd),
      hostName: () => hostname(),
      nowS: () => Math.floor(now.getTime() / 1000),
      processorCount: () => availableParallelism(),
    },
  };
}

/** Changes nothing and runs nothing: commands seem to succeed. */
export function harmlessWorld(options: Omit<WorldOptions, 'print' | 'commandOutput'>): RulesWorld {
  const world = fullWorld({...options, env: {...options.env}, print: () => {}, commandOutput: 'ignore'});
  return {...world, host: {...world.host, system: () => 0, createDirectory: () => {}}};
}

/** `undefined` when there is no such file, or none that can be read. */
export function readRules(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}

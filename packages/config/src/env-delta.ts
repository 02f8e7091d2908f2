/** The change from one captured environment to another (`-envdelta`, spec config.md 17.2), sorted by name. */
import {UserError} from '@megatest/model';
import type {Env} from './shell.ts';

export type EnvDelta = {
  readonly added: readonly (readonly [string, string])[];
  readonly removed: readonly string[];
  /** With the value of the later environment. */
  readonly changed: readonly (readonly [string, string])[];
};

export function envDelta(before: Readonly<Env>, after: Readonly<Env>): EnvDelta {
  const names = Object.keys(after).sort();
  const pair = (name: string) => [name, after[name] ?? ''] as const;
  return {
    added: names.filter((name) => before[name] === undefined).map(pair),
    removed: Object.keys(before)
      .filter((name) => after[name] === undefined)
      .sort(),
    changed: names.filter((name) => before[name] !== undefined && before[name] !== after[name]).map(pair),
  };
}

type Dialect = {set(name: string, value: string): string; unset(name: string): string};

const bash: Dialect = {
  set: (name, value) => `export ${name}=${quote(value)}`,
  unset: (name) => `unset ${name}`,
};
const csh: Dialect = {
  // A csh history character is special even between quotes.
  set: (name, value) => `setenv ${name} ${quote(value).replaceAll('!', '\\!')}`,
  unset: (name) => `unsetenv ${name}`,
};
/** To be included in [pre-launch-env-vars]: a shell evaluates the values there, and PATH is added to. */
const config: Dialect = {
  set: (name, value) =>
    name === 'PATH'
      ? `PATH #{scheme (env:min-path "${value.replace(/[\\"]/g, '\\$&')}" "#{getenv PATH}")}`
      : `${name} ${value}`,
  unset: (name) => `#{scheme (unsetenv "${name}")}`,
};

const dialects: ReadonlyMap<string, Dialect> = new Map([
  ['bash', bash],
  ['csh', csh],
  ['ini', config],
  ['config', config],
]);

/** Groups with a heading each, those that are empty left out. */
export function printEnvDelta(delta: EnvDelta, mode: string): string {
  const dialect = dialects.get(mode);
  if (dialect === undefined) {
    throw new UserError('No dumpmode specified, use -dumpmode [bash|csh|config]');
  }
  const groups: readonly (readonly [string, readonly string[]])[] = [
    ['Added', delta.added.map(([name, value]) => dialect.set(name, value))],
    ['Removed', delta.removed.map((name) => dialect.unset(name))],
    ['Changed', delta.changed.map(([name, value]) => dialect.set(name, value))],
  ];
  return groups
    .filter(([, lines]) => lines.length > 0)
    .map(([heading, lines]) => `# ${heading} vars\n${lines.map((line) => `${line}\n`).join('')}`)
    .join('');
}

function quote(value: string): string {
  return /^[\w./:,=+@%^-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

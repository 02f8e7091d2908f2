/** `megatest.sh` and `megatest.csh`: the environment of a test, to be sourced later (spec execution.md 9.5). */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';

/** What whoever sources the files has of their own keeps its value. */
export const CALLER_VARIABLES: ReadonlySet<string> = new Set([
  'USER',
  'HOME',
  'DISPLAY',
  'LS_COLORS',
  'XKEYSYMDB',
  'EDITOR',
  'MAKEFLAGS',
  'MAKEF',
  'MAKEOVERRIDES',
]);
const plain = /^[A-Za-z0-9_\-:,./%]*$/;
const identifier = /^[A-Za-z_]\w*$/;

export type EnvFiles = {readonly sh: string; readonly csh: string};

/** Both files for an environment, one variable a line, sorted by name. Sourcing gives back the exact values. */
export function envFiles(env: Readonly<Record<string, string | undefined>>): EnvFiles {
  let sh = '';
  let csh = '';
  for (const name of Object.keys(env).sort()) {
    const value = env[name];
    if (value !== undefined) {
      sh += shLine(name, value);
      csh += cshLine(name, value);
    }
  }
  return {sh, csh};
}

/** Writes both into a run directory, as `megatest.sh` and `megatest.csh`. */
export function writeEnvFiles(rundir: string, env: Readonly<Record<string, string | undefined>>): void {
  const {sh, csh} = envFiles(env);
  writeFileSync(join(rundir, 'megatest.sh'), sh);
  writeFileSync(join(rundir, 'megatest.csh'), csh);
}

function shLine(name: string, value: string): string {
  const line = `export ${name}=${shQuote(value)}\n`;
  return CALLER_VARIABLES.has(name) || !identifier.test(name) ? comment(line) : line;
}

function shQuote(value: string): string {
  if (plain.test(value)) {
    return value;
  }
  if (value.includes('\n')) {
    return `$'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
  }
  return `"${value.replace(/["\\`$]/g, '\\$&')}"`;
}

function cshLine(name: string, value: string): string {
  const quoted = plain.test(value) ? value : `"${value.replace(/["`$!]/g, '\\$&')}"`;
  const line = `setenv ${name} ${quoted}\n`;
  return CALLER_VARIABLES.has(name) || !identifier.test(name) || value.includes('\n') ? comment(line) : line;
}

/** Every physical line of it, so that a value with line breaks stays out of the way too. */
function comment(line: string): string {
  return `${line.trimEnd().replace(/^/gm, '# ')}\n`;
}

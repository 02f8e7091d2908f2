/** Questions about one value or section, as `config get` and `-section S -var V` ask them (spec config.md 11). */
import {nearNames, UserError} from '@megatest/model';
import {Config} from './config.ts';

/** The value of a variable: the section's, else that of `default`; `undefined` when neither has it. */
export function getVariable(config: Config, section: string, key: string): string | undefined {
  return config.get(section, key) ?? config.get('default', key);
}

/** The value, or a `UserError` that names what comes near. */
export function requireValue(config: Config, section: string, key: string): string {
  const found = config.section(section);
  if (found === undefined) {
    throw new UserError(
      `there is no section [${section}]`,
      hintFor(
        section,
        config.sections.map(({name}) => name),
      ),
    );
  }
  const value = found.get(key);
  if (value === undefined) {
    throw new UserError(
      `[${section}] has no key ${key}`,
      hintFor(
        key,
        found.entries.map((entry) => entry.key),
      ),
    );
  }
  return value;
}

function hintFor(text: string, names: readonly string[]): {readonly hint?: string} {
  const [near] = nearNames(text, names, 1);
  return near === undefined ? {} : {hint: `did you mean ${near}?`};
}

/** A config of just one section, for a listing of it; empty when there is none. */
export function onlySection(config: Config, name: string): Config {
  const only = new Config();
  const section = config.section(name);
  if (section !== undefined) {
    const copy = only.open(name, section.origin);
    for (const entry of section.entries) {
      copy.set(entry);
    }
  }
  return only;
}

/** `-list-disks`: one line `name => path` for each disk. */
export function printDisks(config: Config): string {
  return config
    .entries('disks')
    .map(({key, value}) => `${key} => ${value}\n`)
    .join('');
}

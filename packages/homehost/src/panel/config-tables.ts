/** The tables of `megatest.config` for a page: as the file has them and as the daemon was given them, without what is secret. */
import type {ConfigTable} from '@megatest/rpc';

export type ConfigSection = {
  readonly name: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
};

const masked = '***';
const secretKey = /pass|secret|token|key$/i;
/** As in the lines of `[ext-sync]`. */
const secretWord = /\b(password|passwd|secret|token):\S+/gi;

export function configTables(
  raw: readonly ConfigSection[],
  given: readonly ConfigSection[],
): readonly ConfigTable[] {
  const rawTables = new Map(raw.map(({name, entries}) => [name, new Map(entries)]));
  const givenTables = new Map(given.map(({name, entries}) => [name, new Map(entries)]));
  return [...new Set([...rawTables.keys(), ...givenTables.keys()])].map((section) => {
    const [rows, values] = [rawTables.get(section), givenTables.get(section)];
    const keys = new Set([...(rows?.keys() ?? []), ...(values?.keys() ?? [])]);
    return {
      section,
      rows: [...keys].map((key) => ({
        key,
        raw: shown(key, rows?.get(key)),
        value: shown(key, values?.get(key)),
      })),
    };
  });
}

function shown(key: string, value: string | undefined): string | null {
  if (value === undefined) {
    return null;
  }
  return secretKey.test(key) ? masked : value.replace(secretWord, `$1:${masked}`);
}

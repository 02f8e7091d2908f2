/**
 * What a row of the table of sections and keys says (spec config.md 16). The table is the single source of the checks, of
 * "did you mean" and of the reference page.
 */

/** How the value of a key is written. */
export type ValueType =
  /** Any text. */
  | 'text'
  | 'path'
  | 'command'
  /** Decimal number. */
  | 'number'
  /** Parts such as `1h 30m`. */
  | 'time'
  /** Words separated by blanks. */
  | 'words'
  /** Members separated by commas. */
  | 'list'
  /** `yes` or `no`. */
  | 'yes-no'
  /** One of `choices`. */
  | 'choice'
  /** The key's presence counts, whatever the value. */
  | 'present'
  | 'regex'
  /** A pattern list of tests and items. */
  | 'test-pattern'
  /** `regex [replacement]` lines. */
  | 'item-map'
  /** Declaration of a column. */
  | 'sql-type'
  /** `name=value;...`. */
  | 'parameters'
  /** Log rules, over several lines. */
  | 'rules';

export type KnownKey = {
  /** The key, or a placeholder in capitals when any key may stand there. */
  readonly key: string;
  readonly type: ValueType;
  /** As it would be written in the file; empty = none. */
  readonly default: string;
  /** One sentence for the reference page. */
  readonly doc: string;
  /** Accepted, and without effect. */
  readonly isIgnored?: true;
  readonly choices?: readonly string[];
  /** Bounds of a number. */
  readonly least?: number;
  readonly most?: number;
};

export type ConfigFileKind = 'megatest.config' | 'runconfigs.config' | 'testconfig' | '.mtviews.config';

export type KnownSection = {
  readonly file: ConfigFileKind;
  readonly section: string;
  readonly doc: string;
  readonly keys: readonly KnownKey[];
  /** What any other key means; absent = other keys are unknown. */
  readonly anyKey?: KnownKey;
};

export function key(
  name: string,
  type: ValueType,
  defaultValue: string,
  doc: string,
  limits: Pick<KnownKey, 'choices' | 'least' | 'most'> = {},
): KnownKey {
  return {key: name, type, default: defaultValue, doc, ...limits};
}

/** Keys that are accepted and have no effect. */
export function ignored(names: string, doc = 'Accepted, without effect.'): readonly KnownKey[] {
  return names.split(' ').map((name) => ({key: name, type: 'text', default: '', doc, isIgnored: true}));
}

/**
 * What a config file says: sections of ordered entries, each of which remembers where it stands. Redefining a key replaces its
 * value and moves the entry to the end of its section (spec config.md 2.2).
 */

export type Origin = {
  readonly file: string;
  readonly line: number;
  /** Column at which the value starts, from 1. */
  readonly column: number;
  /** The includes that led here, as `file:line`, outermost first. */
  readonly includedFrom: readonly string[];
};

export type Entry = {
  readonly key: string;
  readonly value: string;
  readonly origin: Origin;
  /** A `[system CMD]` value that is to run when the items are expanded; `value` is then the command. */
  readonly isDeferred: boolean;
  /** The entry whose place this one took. */
  readonly replaced?: Entry;
};

export class Section {
  readonly name: string;
  readonly origin: Origin;
  readonly #entries = new Map<string, Entry>();
  readonly #failed = new Map<string, Origin>();

  constructor(name: string, origin: Origin) {
    this.name = name;
    this.origin = origin;
  }

  set(entry: Entry): void {
    const replaced = this.#entries.get(entry.key);
    if (replaced !== undefined) {
      this.#entries.delete(entry.key);
    }
    this.#failed.delete(entry.key);
    this.#entries.set(entry.key, replaced === undefined ? entry : {...entry, replaced});
  }

  /** Replaces a value without moving the entry: how continuation lines are added. */
  extend(key: string, value: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.set(key, {...entry, value});
    }
  }

  /** The key's value could not be evaluated: it has none, and whoever applies the section unsets the variable. */
  fail(key: string, origin: Origin): void {
    this.#entries.delete(key);
    this.#failed.set(key, origin);
  }

  get(key: string): string | undefined {
    return this.#entries.get(key)?.value;
  }

  entry(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** Keys whose value could not be evaluated (config.md 6.2). */
  get failedKeys(): readonly string[] {
    return [...this.#failed.keys()];
  }
}

export class Config {
  readonly #sections = new Map<string, Section>();

  section(name: string): Section | undefined {
    return this.#sections.get(name);
  }

  /** The section of this name, made when it is not there. */
  open(name: string, origin: Origin): Section {
    const known = this.#sections.get(name);
    if (known !== undefined) {
      return known;
    }
    const section = new Section(name, origin);
    this.#sections.set(name, section);
    return section;
  }

  delete(name: string): void {
    this.#sections.delete(name);
  }

  /** Moves a section behind all others, unless it has entries already. */
  placeLast(name: string): void {
    const section = this.#sections.get(name);
    if (section?.isEmpty === true) {
      this.#sections.delete(name);
      this.#sections.set(name, section);
    }
  }

  get(section: string, key: string): string | undefined {
    return this.#sections.get(section)?.get(key);
  }

  /** Entries of a section in order; none when there is no such section. */
  entries(section: string): readonly Entry[] {
    return this.#sections.get(section)?.entries ?? [];
  }

  get sections(): readonly Section[] {
    return [...this.#sections.values()];
  }
}

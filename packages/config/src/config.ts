/**
 * What a config file says: sections of ordered entries, each of which remembers where it stands. Redefining a key replaces its
 * value and moves the entry to the end of its section (spec config.md 2.2).
 */

export type Origin = {
  readonly file: string;
  readonly line: number;
  /** Column at which the value starts, from 1. */
  readonly column: number;
  /** The includes that led here, outermost first. */
  readonly includedFrom: readonly string[];
};

export type Entry = {
  readonly key: string;
  readonly value: string;
  readonly origin: Origin;
  /** A `[system CMD]` value that is to run when the items are expanded; `value` is then the command. */
  readonly isDeferred: boolean;
};

export class Section {
  readonly name: string;
  readonly origin: Origin;
  readonly #entries = new Map<string, Entry>();

  constructor(name: string, origin: Origin) {
    this.name = name;
    this.origin = origin;
  }

  set(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#entries.set(entry.key, entry);
  }

  /** Replaces a value without moving the entry: how continuation lines are added. */
  extend(key: string, value: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.set(key, {...entry, value});
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
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

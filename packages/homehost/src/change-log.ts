/**
 * Which rows each committed group of writes changed, for as long as anybody may ask: a bounded list of ids, newest last.
 *
 * Only ids are kept. What a row is gets read when somebody is told, so that a row that changed ten times meanwhile is told once.
 */
import {noChanges} from '@megatest/store';

/** The kinds of rows that somebody may want to be told of. */
const kinds = ['runs', 'tests', 'runners', 'jobs'] as const;

export type ChangedIds = Readonly<Record<(typeof kinds)[number], ReadonlySet<number>>>;

type Group = ChangedIds & {readonly rev: number};

const defaultMostIds = 20_000;

export class ChangeLog {
  readonly #mostIds: number;
  readonly #groups: Group[] = [];
  #ids = 0;
  #rev = 0;
  /** What was forgotten ends here. */
  #forgottenRev = 0;

  constructor(mostIds = defaultMostIds) {
    this.#mostIds = mostIds;
  }

  /** Committed groups so far. */
  get rev(): number {
    return this.#rev;
  }

  add(changed: ChangedIds): void {
    this.#rev += 1;
    this.#groups.push({...changed, rev: this.#rev});
    this.#ids += sizeOf(changed);
    while (this.#ids > this.#mostIds) {
      const oldest = this.#groups.shift();
      if (oldest === undefined) {
        return;
      }
      this.#ids -= sizeOf(oldest);
      this.#forgottenRev = oldest.rev;
    }
  }

  /** What changed after `rev`; `undefined` when that is no longer known, or was never a `rev` of this log. */
  since(rev: number): ChangedIds | undefined {
    if (rev < this.#forgottenRev || rev > this.#rev) {
      return undefined;
    }
    const changed = noChanges();
    for (let index = this.#groups.length - 1; index >= 0; index -= 1) {
      const group = this.#groups[index];
      if (group === undefined || group.rev <= rev) {
        break;
      }
      for (const kind of kinds) {
        for (const id of group[kind]) {
          changed[kind].add(id);
        }
      }
    }
    return changed;
  }
}

/** A group without ids is an entry too. */
function sizeOf(changed: ChangedIds): number {
  return kinds.reduce((size, kind) => size + changed[kind].size, 1);
}

/** Rows of `locks`: names that one client at a time may have, for a limited time (spec homehost.md 9.9). */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

export type LockHolder = {
  /** For people: `user@host pid`. */
  readonly owner: string;
  readonly clientId: string;
  /** Has it only as long as its connection lasts. */
  readonly isLasting: boolean;
};

export class LockTable {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** Gives the lock to `holder` when it is free, or for longer when it has it already; returns who has it now. */
  acquire(name: string, holder: LockHolder, ttlS: number, nowS: number): LockHolder {
    // Within its last second it still counts: nobody loses a lock before its time is over.
    prepared(this.#db, 'DELETE FROM locks WHERE expires < ?').run(nowS);
    const present = this.#holderOf(name);
    if (present !== undefined && present.clientId !== holder.clientId) {
      return present;
    }
    prepared(
      this.#db,
      `INSERT INTO locks (name, owner, expires) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires = excluded.expires`,
    ).run(name, JSON.stringify(holder), nowS + ttlS);
    return holder;
  }

  /** Frees the lock when this client has it; returns who had it, `undefined` when nobody did. */
  release(name: string, clientId: string, nowS: number): LockHolder | undefined {
    prepared(this.#db, 'DELETE FROM locks WHERE expires < ?').run(nowS);
    const present = this.#holderOf(name);
    if (present?.clientId === clientId) {
      prepared(this.#db, 'DELETE FROM locks WHERE name = ?').run(name);
    }
    return present;
  }

  /** Frees what clients had whose connections ended with the process that served them. */
  releaseLasting(): void {
    prepared(this.#db, "DELETE FROM locks WHERE json_extract(owner, '$.isLasting')").run();
  }

  #holderOf(name: string): LockHolder | undefined {
    const owner = prepared<[string], string>(this.#db, 'SELECT owner FROM locks WHERE name = ?')
      .pluck()
      .get(name);
    return owner === undefined ? undefined : (JSON.parse(owner) as LockHolder);
  }
}

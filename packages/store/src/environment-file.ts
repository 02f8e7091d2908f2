/** Environments captured under a name, in a SQLite file of the user's (`-envcap`, spec cli.md 14.2). */
import Database from 'better-sqlite3';
import type {Connection} from './connection.ts';

export class EnvironmentFile implements Disposable {
  readonly #db: Connection;

  constructor(path: string) {
    this.#db = new Database(path);
    this.#db.exec(
      `CREATE TABLE IF NOT EXISTS envvars (id INTEGER PRIMARY KEY, context TEXT NOT NULL, var TEXT NOT NULL, val TEXT NOT NULL,
         CONSTRAINT envvars_constraint UNIQUE (context, var))`,
    );
  }

  /** Takes the place of an earlier capture of that name. */
  capture(context: string, env: Readonly<Record<string, string>>): void {
    this.#db.transaction(() => {
      this.#db.prepare('DELETE FROM envvars WHERE context = ?').run(context);
      const insert = this.#db.prepare('INSERT INTO envvars (context, var, val) VALUES (?, ?, ?)');
      for (const [name, value] of Object.entries(env)) {
        insert.run(context, name, value);
      }
    })();
  }

  /** Empty when nothing was captured under the name. */
  read(context: string): Record<string, string> {
    const rows = this.#db
      .prepare<[string], {name: string; value: string}>(
        'SELECT var AS name, val AS value FROM envvars WHERE context = ?',
      )
      .all(context);
    return Object.fromEntries(rows.map(({name, value}) => [name, value]));
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

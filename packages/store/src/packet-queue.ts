/**
 * `pkts.db`: the packets that were seen in an area's packet directories, and what has become of them (spec mtutil.md 5). The file may
 * be one that Megatest 1.6 has made. It may lie on a network disk and is held open for one command only.
 */
import {type Connection, openArea} from './connection.ts';
import {prepared} from './statement-cache.ts';

export type NewPacket = {
  readonly uuid: string;
  readonly parentUuid: string;
  /** `cmd`, `runstart`, ... */
  readonly type: string;
  /** The text of its file. */
  readonly text: string;
  /** It is never to be carried out. */
  readonly isRefused: boolean;
};

/** A command that was neither carried out nor refused. */
export type QueuedPacket = {readonly id: number; readonly uuid: string; readonly text: string};

const tables = `
  CREATE TABLE IF NOT EXISTS groups (id INTEGER PRIMARY KEY, groupname TEXT, CONSTRAINT group_constraint UNIQUE (groupname));
  CREATE TABLE IF NOT EXISTS pkts (id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL DEFAULT 0, uuid TEXT NOT NULL,
    parent_uuid TEXT DEFAULT '', pkt_type TEXT DEFAULT '', pkt TEXT NOT NULL, processed INTEGER DEFAULT 0);`;

/** What a file of another version may lack. */
const laterColumns = {
  group_id: 'INTEGER NOT NULL DEFAULT 0',
  parent_uuid: "TEXT DEFAULT ''",
  pkt_type: "TEXT DEFAULT ''",
  processed: 'INTEGER DEFAULT 0',
};

export class PacketQueue implements Disposable {
  readonly #db: Connection;

  constructor(path: string) {
    this.#db = openArea(path);
    try {
      this.#db.transaction(() => ensureTables(this.#db)).immediate();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  has(uuid: string): boolean {
    return prepared(this.#db, 'SELECT 1 FROM pkts WHERE uuid = ?').get(uuid) !== undefined;
  }

  /** Adds those that are not there, in one transaction; returns which of them were added, as somebody else may do the same. */
  add(packets: readonly NewPacket[]): readonly NewPacket[] {
    const insert = prepared(
      this.#db,
      `INSERT INTO pkts (group_id, uuid, parent_uuid, pkt_type, pkt, processed) VALUES (0, ?, ?, ?, ?, ?)
       ON CONFLICT (uuid) DO NOTHING`,
    );
    return this.#db
      .transaction(() =>
        packets.filter(
          ({uuid, parentUuid, type, text, isRefused}) =>
            insert.run(uuid, parentUuid, type, text, isRefused ? -1 : 0).changes > 0,
        ),
      )
      .immediate();
  }

  queued(): readonly QueuedPacket[] {
    return prepared<[], QueuedPacket>(
      this.#db,
      "SELECT id, uuid, pkt AS text FROM pkts WHERE processed = 0 AND pkt_type = 'cmd' ORDER BY id",
    ).all();
  }

  /** Notes that it is carried out, or is never to be; false when somebody else has noted one of both before. */
  settle(id: number, as: 'done' | 'refused'): boolean {
    const settled = prepared(this.#db, 'UPDATE pkts SET processed = ? WHERE id = ? AND processed = 0');
    return settled.run(as === 'done' ? 1 : -1, id).changes > 0;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

function ensureTables(db: Connection): void {
  db.exec(tables);
  const columns = new Set(db.prepare<[], string>("SELECT name FROM pragma_table_info('pkts')").pluck().all());
  for (const [name, type] of Object.entries(laterColumns)) {
    if (!columns.has(name)) {
      db.exec(`ALTER TABLE pkts ADD COLUMN ${name} ${type}`);
    }
  }
  const hasIndex = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'pkts_uuid'").get() !== undefined;
  if (!hasIndex) {
    // Two imports of 1.6 at a time have recorded packets twice; one that was carried out stays so.
    db.exec(`
      UPDATE pkts SET processed = 1 WHERE uuid IN (SELECT uuid FROM pkts WHERE processed = 1);
      DELETE FROM pkts WHERE id NOT IN (SELECT min(id) FROM pkts GROUP BY uuid);
      CREATE UNIQUE INDEX pkts_uuid ON pkts (uuid);`);
  }
}

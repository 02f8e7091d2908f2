/** Rows of `archive_disks` and `archive_blocks`: where archived tests are kept (spec homehost.md 9.8). */
import type {Connection} from './connection.ts';
import {prepared} from './statement-cache.ts';

export type ArchiveBlock = {
  readonly id: number;
  readonly archiveDiskId: number;
  readonly diskPath: string;
  /** As `du` counts; -1 = not measured. */
  readonly lastDu: number;
  readonly lastDuTime: number;
  readonly creationTime: number | null;
};

export class ArchiveTable {
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
  }

  /** The disk of this name and path, with its free space as it is now; returns its id. */
  registerDisk(name: string, path: string, freeDf: number, nowS: number): number {
    const known = prepared<[string, string], number>(
      this.#db,
      'SELECT id FROM archive_disks WHERE archive_area_name = ? AND disk_path = ?',
    )
      .pluck()
      .get(name, path);
    if (known !== undefined) {
      prepared(this.#db, 'UPDATE archive_disks SET last_df = ?, last_df_time = ? WHERE id = ?').run(
        freeDf,
        nowS,
        known,
      );
      return known;
    }
    const {lastInsertRowid} = prepared(
      this.#db,
      'INSERT INTO archive_disks (archive_area_name, disk_path, last_df, last_df_time, creation_time) VALUES (?, ?, ?, ?, ?)',
    ).run(name, path, freeDf, nowS, nowS);
    return Number(lastInsertRowid);
  }

  hasDisk(diskId: number): boolean {
    return prepared(this.#db, 'SELECT 1 FROM archive_disks WHERE id = ?').get(diskId) !== undefined;
  }

  /** The block of this path on a disk; `du` is left as it is when it is not given. Returns its id. */
  registerBlock(diskId: number, path: string, du: number | undefined, nowS: number): number {
    const known = prepared<[number, string], number>(
      this.#db,
      'SELECT id FROM archive_blocks WHERE archive_disk_id = ? AND disk_path = ?',
    )
      .pluck()
      .get(diskId, path);
    if (known === undefined) {
      const {lastInsertRowid} = prepared(
        this.#db,
        'INSERT INTO archive_blocks (archive_disk_id, disk_path, last_du, last_du_time, creation_time) VALUES (?, ?, ?, ?, ?)',
      ).run(diskId, path, du ?? -1, nowS, nowS);
      return Number(lastInsertRowid);
    }
    if (du !== undefined) {
      prepared(this.#db, 'UPDATE archive_blocks SET last_du = ?, last_du_time = ? WHERE id = ?').run(
        du,
        nowS,
        known,
      );
    }
    return known;
  }

  block(blockId: number): ArchiveBlock | undefined {
    return prepared<[number], ArchiveBlock>(
      this.#db,
      `SELECT id, archive_disk_id AS archiveDiskId, disk_path AS diskPath, last_du AS lastDu, last_du_time AS lastDuTime,
         creation_time AS creationTime FROM archive_blocks WHERE id = ?`,
    ).get(blockId);
  }
}

/** The daemon's log: one line an event, with time and level, in `logs/server-<pid>-<host>.log` of the area. */
import {appendFileSync, chmodSync, closeSync, mkdirSync, openSync, writeSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {sharedMode, touch} from '@megatest/rpc';

export type Level = 'INFO' | 'WARNING' | 'ERROR';

export class DaemonLog {
  readonly path: string;
  readonly #auditPath: string;
  /** Open while something is written: on a network disk, to open and close it for each line would cost more than the change itself. */
  #audit: number | undefined;

  constructor(areaPath: string) {
    const folder = join(areaPath, 'logs');
    mkdirSync(folder, {recursive: true});
    this.path = join(folder, `server-${process.pid}-${hostname()}.log`);
    this.#auditPath = join(folder, 'audit.jsonl');
    appendFileSync(this.path, '');
    chmodSync(this.path, sharedMode(areaPath));
  }

  write(level: Level, text: string): void {
    appendFileSync(this.path, `${new Date().toISOString()} ${level}: ${text}\n`);
  }

  /** A line without time or level, for what other programs look for. */
  plain(text: string): void {
    appendFileSync(this.path, `${text}\n`);
  }

  /** Who changed what by hand, one JSON text a line in `logs/audit.jsonl`, which every daemon of the area goes on with. */
  audit(entry: Readonly<Record<string, unknown>>): void {
    this.#audit ??= openSync(this.#auditPath, 'a');
    writeSync(this.#audit, `${JSON.stringify({time: new Date().toISOString(), ...entry})}\n`);
  }

  /** To be called now and then: shows that somebody still writes here, and opens the audit anew in case its file was put away. */
  touch(): void {
    touch(this.path);
    if (this.#audit !== undefined) {
      closeSync(this.#audit);
      this.#audit = undefined;
    }
  }
}

/** The daemon's log: one line an event, with time and level, in `logs/server-<pid>-<host>.log` of the area. */
import {appendFileSync, mkdirSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {touch} from '@megatest/rpc';

export type Level = 'INFO' | 'WARNING' | 'ERROR';

export class DaemonLog {
  readonly path: string;

  constructor(areaPath: string) {
    const folder = join(areaPath, 'logs');
    mkdirSync(folder, {recursive: true});
    this.path = join(folder, `server-${process.pid}-${hostname()}.log`);
    appendFileSync(this.path, '');
  }

  write(level: Level, text: string): void {
    appendFileSync(this.path, `${new Date().toISOString()} ${level}: ${text}\n`);
  }

  /** A line without time or level, for what other programs look for. */
  plain(text: string): void {
    appendFileSync(this.path, `${text}\n`);
  }

  touch(): void {
    touch(this.path);
  }
}

/**
 * Logs that somebody looks at: each belongs to the connection that has opened it, and is closed with it. One that is followed is looked
 * at twice a second, as a file on a network disk tells nobody when it grows.
 */
import {stat} from 'node:fs/promises';
import {basename} from 'node:path';
import {type Connected, type LogWindow, type OpenedLog, RpcError} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import {LINES_PER_READ, LineFile} from './line-file.ts';
import {LogMarks} from './log-marks.ts';
import type {OpenedFile, RunFiles} from './run-files.ts';

type Log = {
  readonly file: LineFile;
  readonly marks: LogMarks | undefined;
  readonly path: string;
  readonly inode: number;
  /** What who follows it was told last; `undefined` when nobody does. */
  told: {readonly size: number; readonly lines: number | null} | undefined;
};

const mostLogs = 32;
const lookMs = 500;
/** So much is counted before the answer, and at each look. */
const countedBytes = 32 * 1024 * 1024;
/** A file with a NUL in its beginning is none that can be shown. */
const sniffedBytes = 4096;
/** Values that are masked for who may only look stand in them. */
const environmentFiles = new Set(['megatest.sh', 'megatest.csh']);

export class OpenLogs {
  readonly #files: RunFiles;
  readonly #byConnection = new Map<Connected, Map<number, Log>>();
  /** Those that are being opened, too. */
  readonly #counts = new WeakMap<Connected, number>();
  /** On a disk that does not answer a look may take long: it is not begun again meanwhile. */
  readonly #lookedAt = new WeakSet<Log>();
  #lastId = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(files: RunFiles) {
    this.#files = files;
  }

  async open(connection: Connected, test: TestRow, path: string): Promise<OpenedLog> {
    if (!connection.isLasting) {
      throw new RpcError('invalidRequest', 'a log is open as long as its connection: use a WebSocket');
    }
    if ((this.#counts.get(connection) ?? 0) >= mostLogs) {
      throw new RpcError('tooLarge', `a connection has at most ${mostLogs} open logs: close one`, {
        limit: mostLogs,
      });
    }
    this.#count(connection, 1);
    try {
      return await this.#open(connection, test, path);
    } catch (error) {
      this.#count(connection, -1);
      throw error;
    }
  }

  async #open(connection: Connected, test: TestRow, path: string): Promise<OpenedLog> {
    const logs = this.#logsOf(connection);
    const opened = await this.#files.open(test, path);
    if (connection.role !== 'operator' && environmentFiles.has(basename(opened.path))) {
      await opened.handle.close();
      throw new RpcError('notAllowed', `${path} may hold secrets; files.environment shows the others of it`, {
        role: connection.role,
        needed: 'operator',
      });
    }
    const file = new LineFile(opened.handle);
    let marks: LogMarks | undefined;
    try {
      const kind = await kindOf(opened);
      marks = kind === 'text' ? await this.#marksOf(test, path) : undefined;
      const overview = (await marks?.overview()) ?? {marks: [], isWhole: true};
      await file.count(countedBytes);
      if (this.#byConnection.get(connection) !== logs) {
        throw new RpcError('notFound', 'the connection was closed');
      }
      this.#lastId += 1;
      const log = this.#lastId;
      logs.set(log, {file, marks, path: opened.path, inode: opened.stats.ino, told: undefined});
      return {log, size: file.size, lines: file.lines, kind, ...overview};
    } catch (error) {
      await close({file, marks});
      throw error;
    }
  }

  async read(connection: Connected, id: number, from: number, count: number): Promise<LogWindow> {
    const {file, marks} = this.#find(connection, id);
    const most = Math.min(count, LINES_PER_READ);
    const window = from < 0 ? await file.tail(Math.min(-from, most)) : await file.read(from, most);
    const first = window.from;
    const {lines} = window;
    const found = first === null || lines.length === 0 ? [] : await marks?.within(first, lines.length);
    return {log: id, size: file.size, total: file.lines, ...window, marks: found ?? []};
  }

  async close(connection: Connected, id: number): Promise<void> {
    const log = this.#find(connection, id);
    this.#byConnection.get(connection)?.delete(id);
    this.#count(connection, -1);
    await close(log);
  }

  /** From now on the connection is told when there is more. */
  async follow(connection: Connected, id: number): Promise<void> {
    const log = this.#find(connection, id);
    await log.file.count(countedBytes);
    log.told = {size: log.file.size, lines: log.file.lines};
    this.#timer ??= setInterval(() => void this.#lookAtAll(), lookMs).unref();
  }

  unfollow(connection: Connected, id: number): void {
    const log = this.#byConnection.get(connection)?.get(id);
    if (log !== undefined) {
      log.told = undefined;
    }
  }

  #count(connection: Connected, change: number): void {
    this.#counts.set(connection, (this.#counts.get(connection) ?? 0) + change);
  }

  #logsOf(connection: Connected): Map<number, Log> {
    const known = this.#byConnection.get(connection);
    if (known !== undefined) {
      return known;
    }
    const logs = new Map<number, Log>();
    this.#byConnection.set(connection, logs);
    connection.onClose(() => {
      this.#byConnection.delete(connection);
      for (const log of logs.values()) {
        void close(log);
      }
    });
    return logs;
  }

  #find(connection: Connected, id: number): Log {
    const log = this.#byConnection.get(connection)?.get(id);
    if (log === undefined) {
      throw new RpcError('notFound', `this connection has no open log ${id}`, {what: 'log', id});
    }
    return log;
  }

  /** The report that logpro writes for NAME.log is NAME.html. */
  async #marksOf(test: TestRow, path: string): Promise<LogMarks | undefined> {
    const report = await this.#files.open(test, path.replace(/(\.[^./]*)?$/, '.html')).catch(() => undefined);
    if (report === undefined) {
      return undefined;
    }
    const file = new LineFile(report.handle);
    const marks = await LogMarks.of(file);
    if (marks === undefined) {
      await file.close();
    }
    return marks;
  }

  async #lookAtAll(): Promise<void> {
    const followed = [...this.#byConnection].flatMap(([connection, logs]) =>
      [...logs].filter(([, {told}]) => told !== undefined).map(([id, log]) => ({connection, id, log})),
    );
    if (followed.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const looks = followed
      .filter(({log}) => !this.#lookedAt.has(log))
      .map(async ({connection, id, log}) => {
        this.#lookedAt.add(log);
        await look(connection, id, log);
        this.#lookedAt.delete(log);
      });
    await Promise.all(looks);
  }
}

async function look(connection: Connected, id: number, log: Log): Promise<void> {
  const {file, told} = log;
  try {
    await file.count(countedBytes);
    const {size, lines} = file;
    const now = await stat(log.path).catch(() => undefined);
    const isReplaced = now?.ino !== log.inode;
    const hasMore = size !== told?.size || lines !== told.lines;
    if (log.told === undefined || log.told !== told || !(hasMore || isReplaced)) {
      return;
    }
    // What has taken its place is another file, and to be opened.
    log.told = isReplaced ? undefined : {size, lines};
    connection.notify('log.more', {log: id, size, lines, isReplaced});
  } catch {
    // It was closed meanwhile.
    log.told = undefined;
  }
}

async function close({file, marks}: Pick<Log, 'file' | 'marks'>): Promise<void> {
  await Promise.all([file.close(), marks?.close()]);
}

async function kindOf({handle, path}: OpenedFile): Promise<OpenedLog['kind']> {
  const {buffer, bytesRead} = await handle.read(Buffer.alloc(sniffedBytes), 0, sniffedBytes, 0);
  if (buffer.subarray(0, bytesRead).includes(0)) {
    return 'binary';
  }
  return /\.html?$/i.test(path) ? 'html' : 'text';
}

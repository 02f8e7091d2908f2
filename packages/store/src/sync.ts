/**
 * Keeps T in step with M, and C in step with T (spec homehost.md 5.3 to 5.6). Every function opens its own connections, so the
 * daemon runs them in a worker thread and a slow network disk never blocks a call.
 */
import {randomBytes} from 'node:crypto';
import {copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync, utimesSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {type Connection, openArea, openCache, openWorking} from './connection.ts';
import {copyChanges} from './copy-changes.ts';
import {ensureSchema, type KeyColumn} from './schema.ts';

/** Where a file's mtime is all that is known of its age (another tool wrote it), this much is taken off. */
const unknownStampMarginS = 60;

export type FlushRequest = {
  readonly working: string;
  readonly area: string;
  /** Id of the daemon; another one in T's `SYNC_OWNER` means that this one has lost its lease. */
  readonly owner: string;
  readonly nowS: number;
  readonly marginS: number;
  /** Compare all rows, whatever their stamps. */
  readonly isFull?: boolean;
};

export type FlushReport =
  | {
      readonly kind: 'flushed';
      readonly stamp: number;
      readonly seq: number;
      readonly rows: number;
      readonly mtimeMs: number;
    }
  | {readonly kind: 'lostLease'; readonly owner: string}
  | {readonly kind: 'restored'; readonly seq: number; readonly expectedSeq: number}
  | {readonly kind: 'failed'; readonly message: string};

/** One flush of M into T. */
export function flush(request: FlushRequest): FlushReport {
  let db: Connection | undefined;
  try {
    db = openArea(request.area);
    db.prepare('ATTACH ? AS m').run(request.working);
    return flushInto(db, request);
  } catch (error) {
    return {kind: 'failed', message: error instanceof Error ? error.message : String(error)};
  } finally {
    db?.close();
  }
}

function flushInto(db: Connection, request: FlushRequest): FlushReport {
  // Deferred, not immediate: that would take the write lock of the attached M as well.
  db.exec('BEGIN');
  try {
    const stampOfT = numberIn(db, 'main', 'SYNC_STAMP');
    const expectedSeq = numberIn(db, 'm', 'SYNC_SEQ') ?? 0;
    const seq = numberIn(db, 'main', 'SYNC_SEQ') ?? 0;
    const owner = textIn(db, 'main', 'SYNC_OWNER');
    if (owner !== undefined && owner !== '' && owner !== request.owner) {
      db.exec('ROLLBACK');
      return {kind: 'lostLease', owner};
    }
    if (seq < expectedSeq) {
      db.exec('ROLLBACK');
      return {kind: 'restored', seq, expectedSeq};
    }
    const {stamp, isFull, generation} = stampFor(request, stampOfT);
    const mtimeS = Math.floor(statSync(request.area).mtimeMs / 1000);
    const since =
      stampOfT === undefined ? mtimeS - unknownStampMarginS : Math.min(stampOfT, mtimeS) - request.marginS;
    const rows = copyChanges(db, 'm', since, isFull || (request.isFull ?? false) || stampOfT === undefined);
    if (generation) {
      raiseGeneration(db);
    }
    putMeta(db, 'SYNC_STAMP', String(stamp));
    putMeta(db, 'SYNC_SEQ', String(seq + 1));
    putMeta(db, 'SYNC_OWNER', request.owner);
    db.exec('COMMIT');
    return {kind: 'flushed', stamp, seq: seq + 1, rows, mtimeMs: setMtime(request.area, stamp, seq + 1)};
  } catch (error) {
    if (db.inTransaction) {
      db.exec('ROLLBACK');
    }
    throw error;
  }
}

/** The new stamp; a clock that stepped back by more than the margin makes everything be compared. */
function stampFor(
  request: FlushRequest,
  stampOfT: number | undefined,
): {readonly stamp: number; readonly isFull: boolean; readonly generation: boolean} {
  const now = Math.floor(request.nowS);
  if (stampOfT === undefined || now >= stampOfT) {
    return {stamp: now, isFull: false, generation: false};
  }
  const isSmallStep = stampOfT - now <= request.marginS;
  return {stamp: isSmallStep ? stampOfT : now, isFull: !isSmallStep, generation: !isSmallStep};
}

function raiseGeneration(db: Connection): void {
  const [random = '', generation = '0'] = (textIn(db, 'main', 'DB_EPOCH') ?? '').split('.');
  putMeta(db, 'DB_EPOCH', `${random}.${Number(generation) + 1}`);
}

/** Makes the time of T differ from one flush to the next, also within one second; not being its owner is no failure. */
function setMtime(path: string, stamp: number, seq: number): number {
  try {
    const time = stamp + (seq % 1000) / 1000;
    utimesSync(path, time, time);
  } catch {
    // The file belongs to another user: its own time will do.
  }
  return statSync(path).mtimeMs;
}

export type CacheOutcome = {
  readonly path: string;
  /** Rows copied; 0 when T was not even opened. */
  readonly rows: number;
  readonly seq: number;
  readonly stampS: number;
};

/** Brings C up to date when T's file changed (5.4); with `minSeq` until it holds at least that flush. */
export function refreshCache(
  areaFile: string,
  cacheFile: string,
  options: {readonly marginS: number; readonly isBarrier?: boolean},
): CacheOutcome {
  mkdirSync(dirname(cacheFile), {recursive: true, mode: 0o700});
  const before = statSync(areaFile);
  const identityOfT = `${before.mtimeMs}/${before.size}/${before.ino}`;
  if (!existsSync(cacheFile)) {
    return fillCache(areaFile, cacheFile, identityOfT);
  }
  const db = openCache(cacheFile);
  try {
    if (textIn(db, 'main', 'CACHE_SOURCE') === identityOfT && options.isBarrier !== true) {
      return {
        path: cacheFile,
        rows: 0,
        seq: numberIn(db, 'main', 'SYNC_SEQ') ?? 0,
        stampS: numberIn(db, 'main', 'SYNC_STAMP') ?? 0,
      };
    }
    db.prepare('ATTACH ? AS t').run(areaFile);
    db.exec('BEGIN');
    const isSameEpoch = textIn(db, 't', 'DB_EPOCH') === textIn(db, 'main', 'DB_EPOCH');
    const stamp = numberIn(db, 'main', 'SYNC_STAMP');
    const wentBack = (numberIn(db, 't', 'SYNC_SEQ') ?? 0) < (numberIn(db, 'main', 'SYNC_SEQ') ?? 0);
    const isFull = !isSameEpoch || stamp === undefined || wentBack;
    const rows = copyChanges(db, 't', (stamp ?? 0) - options.marginS, isFull);
    const seq = numberIn(db, 't', 'SYNC_SEQ') ?? 0;
    const stampS = numberIn(db, 't', 'SYNC_STAMP') ?? Math.floor(before.mtimeMs / 1000) - unknownStampMarginS;
    putMeta(db, 'SYNC_SEQ', String(seq));
    putMeta(db, 'SYNC_STAMP', String(stampS));
    putMeta(db, 'DB_EPOCH', textIn(db, 't', 'DB_EPOCH') ?? '');
    putMeta(db, 'CACHE_SOURCE', identityOfT);
    db.exec('COMMIT');
    return {path: cacheFile, rows, seq, stampS};
  } catch (error) {
    if (db.inTransaction) {
      db.exec('ROLLBACK');
    }
    throw error;
  } finally {
    db.close();
  }
}

/** First fill: a whole copy beside C, put in place by a rename. */
function fillCache(areaFile: string, cacheFile: string, identityOfT: string): CacheOutcome {
  const fresh = `${cacheFile}.new.${process.pid}`;
  const source = openArea(areaFile, {readonly: true});
  try {
    rmSync(fresh, {force: true});
    source.prepare('VACUUM INTO ?').run(fresh);
  } finally {
    source.close();
  }
  const db = openCache(fresh);
  const seq = numberIn(db, 'main', 'SYNC_SEQ') ?? 0;
  const stampS = numberIn(db, 'main', 'SYNC_STAMP') ?? 0;
  putMeta(db, 'CACHE_SOURCE', identityOfT);
  const rows = db.prepare<[], number>('SELECT count(*) FROM tests').pluck().get() ?? 0;
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
  rmSync(`${cacheFile}-wal`, {force: true});
  rmSync(`${cacheFile}-shm`, {force: true});
  renameSync(fresh, cacheFile);
  return {path: cacheFile, rows, seq, stampS};
}

export type Reconciled = {
  readonly action: 'created' | 'filledFromT' | 'madeT' | 'kept' | 'replacedByT';
  readonly messages: readonly string[];
};

/** What a daemon does with M and T before it accepts calls (5.6). Afterwards both exist, with schema and the same epoch. */
export function reconcile(request: {
  readonly working: string;
  readonly area: string;
  readonly keys: readonly KeyColumn[];
  readonly nowS: number;
}): Reconciled {
  const {working, area, keys, nowS} = request;
  const messages: string[] = [];
  let action: Reconciled['action'] = 'kept';
  setAsideIfCorrupt(working, `${working}.corrupt-${nowS}`, messages);
  setAsideIfCorrupt(area, join(dirname(area), 'old', `megatest.db.corrupt-${nowS}`), messages);
  const [hasM, hasT] = [existsSync(working), existsSync(area)];
  if (!hasM && hasT) {
    copyFileSync(area, working);
    action = 'filledFromT';
    messages.push(`INFO: filled ${working} from ${area}`);
  } else if (hasM && hasT && !haveSameOrigin(working, area)) {
    const stale = `${working}.stale-${nowS}`;
    moveDatabase(working, stale);
    copyFileSync(area, working);
    action = 'replacedByT';
    messages.push(
      `WARNING: ${working} belongs to another database than ${area}: kept as ${stale}, ${area} wins`,
    );
  }
  const db = openWorking(working);
  try {
    ensureSchema(db, keys, 'M');
    if (textIn(db, 'main', 'DB_EPOCH') === undefined) {
      putMeta(db, 'DB_EPOCH', `${randomBytes(8).toString('hex')}.0`);
    }
    if (!hasT) {
      action = hasM ? 'madeT' : 'created';
      const fresh = `${area}.new.${process.pid}`;
      rmSync(fresh, {force: true});
      putMeta(db, 'SYNC_SEQ', '0');
      db.prepare('VACUUM INTO ?').run(fresh);
      renameSync(fresh, area);
      if (hasM) {
        messages.push(`INFO: made ${area} anew from ${working}`);
      }
    }
  } finally {
    db.close();
  }
  const areaDb = openArea(area);
  try {
    if (hasT && Number(areaDb.pragma('user_version', {simple: true})) === 0) {
      const copy = join(dirname(area), 'old', `megatest.db.v0.${nowS}`);
      mkdirSync(dirname(copy), {recursive: true});
      copyFileSync(area, copy);
      messages.push(`INFO: ${area} gets the new schema; a copy of what it was is ${copy}`);
    }
    ensureSchema(areaDb, keys, 'T');
    dropDeleteTriggers(areaDb);
    copyEpoch(working, areaDb);
  } finally {
    areaDb.close();
  }
  return {action, messages};
}

/** Takes or gives back the lease in T. */
export function setSyncOwner(area: string, owner: string): void {
  const db = openArea(area);
  try {
    putMeta(db, 'SYNC_OWNER', owner);
  } finally {
    db.close();
  }
}

/** T is made from M by a copy, which brings M's delete triggers along; in T they would record the sync's own deletes. */
function dropDeleteTriggers(db: Connection): void {
  const names = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'delete\\_%' ESCAPE '\\'",
    )
    .pluck()
    .all();
  for (const name of names) {
    db.exec(`DROP TRIGGER "${name}"`);
  }
}

function copyEpoch(working: string, areaDb: Connection): void {
  const db = openWorking(working);
  try {
    const epoch = textIn(db, 'main', 'DB_EPOCH') ?? '';
    if (textIn(areaDb, 'main', 'DB_EPOCH') !== epoch) {
      putMeta(areaDb, 'DB_EPOCH', epoch);
    }
    // After a loss of either file the counters may differ; the lower one of M would look like a restored T.
    putMeta(db, 'SYNC_SEQ', textIn(areaDb, 'main', 'SYNC_SEQ') ?? '0');
  } finally {
    db.close();
  }
}

function haveSameOrigin(working: string, area: string): boolean {
  const epochs = [openWorking(working, {readonly: true}), openArea(area, {readonly: true})].map((db) => {
    try {
      return textIn(db, 'main', 'DB_EPOCH')?.split('.')[0];
    } catch {
      return undefined;
    } finally {
      db.close();
    }
  });
  return epochs[0] === epochs[1];
}

function setAsideIfCorrupt(path: string, aside: string, messages: string[]): void {
  if (!existsSync(path)) {
    return;
  }
  const problem = quickCheck(path);
  if (problem !== undefined) {
    moveDatabase(path, aside);
    messages.push(`WARNING: ${path} is damaged (${problem}); it was set aside as ${aside}`);
  }
}

/** `undefined` when the file is sound, else what SQLite says of it. */
export function quickCheck(path: string): string | undefined {
  let db: Connection | undefined;
  try {
    db = openWorking(path, {readonly: true});
    const result = String(db.pragma('quick_check(1)', {simple: true}));
    return result === 'ok' ? undefined : result;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    db?.close();
  }
}

function moveDatabase(from: string, to: string): void {
  mkdirSync(dirname(to), {recursive: true});
  renameSync(from, to);
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(from + suffix)) {
      renameSync(from + suffix, to + suffix);
    }
  }
}

function textIn(db: Connection, schema: string, name: string): string | undefined {
  const has = db.prepare(`SELECT 1 FROM ${schema}.sqlite_master WHERE name = 'metadat'`).get() !== undefined;
  return has
    ? db.prepare<[string], string>(`SELECT val FROM ${schema}.metadat WHERE var = ?`).pluck().get(name)
    : undefined;
}

function numberIn(db: Connection, schema: string, name: string): number | undefined {
  const text = textIn(db, schema, name);
  return text === undefined ? undefined : Number(text);
}

function putMeta(db: Connection, name: string, value: string): void {
  db.prepare(
    'INSERT INTO main.metadat (var, val) VALUES (?, ?) ON CONFLICT (var) DO UPDATE SET val = excluded.val',
  ).run(name, value);
}

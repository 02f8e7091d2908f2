/**
 * Keeps T in step with M, and C in step with T (spec homehost.md 5.3 to 5.6). Every function opens its own connections, so the
 * daemon runs them in a worker thread and a slow network disk never blocks a call.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {type Connection, openArea, openCache, openWorking} from './connection.ts';
import {copyChanges} from './copy-changes.ts';
import {makeArea} from './make-area.ts';
import {type Merged, mergeAreaIntoWorking} from './merge.ts';
import {quickCheck} from './quick-check.ts';
import {numberIn, putMeta, textIn} from './sync-marks.ts';

/** Where a file's mtime is all that is known of its age (another tool wrote it), this much is taken off. */
const unknownStampMarginS = 60;
/** Tombstones are kept this long; a copy that is older is compared row by row. */
export const tombstoneDays = 30;
/** Where the head of a database file counts its transactions. */
const changeCounterOffset = 24;
/** A cache that somebody began to fill so long ago will not be put in place any more. */
const abandonedMs = 3_600_000;
const daySeconds = 86_400;

export type FlushRequest = {
  readonly working: string;
  readonly area: string;
  /** Id of the daemon; another one in T's `SYNC_OWNER` means that this one has lost its lease. */
  readonly owner: string;
  readonly nowS: number;
  readonly marginS: number;
  /** Compare all rows, whatever their stamps; takes no notice of a restored T. */
  readonly isFull?: boolean;
  /** Inode of the M that the daemon has open. */
  readonly workingInode?: number | undefined;
  /** `identity` of the last flush: a file that looks different was written by somebody else. */
  readonly lastIdentity?: string | undefined;
};

export type FlushReport =
  | {
      readonly kind: 'flushed';
      readonly stamp: number;
      readonly seq: number;
      readonly rows: number;
      /** How T looks after the flush. */
      readonly identity: string;
      /** What was taken from T, which somebody else had changed. */
      readonly merged: Merged | undefined;
      /** T was gone and was made again. */
      readonly madeAnew: boolean;
    }
  /** M is not the file any more that the daemon has open. */
  | {readonly kind: 'workingGone'}
  | {readonly kind: 'foreign'; readonly epoch: string}
  | {readonly kind: 'lostLease'; readonly owner: string}
  | {readonly kind: 'restored'; readonly seq: number; readonly expectedSeq: number}
  | {readonly kind: 'failed'; readonly message: string};

/** One flush of M into T. */
export function flush(request: FlushRequest): FlushReport {
  let db: Connection | undefined;
  try {
    const {working, area, workingInode} = request;
    // To open what is not there would make it, empty.
    if (!existsSync(working) || (workingInode !== undefined && statSync(working).ino !== workingInode)) {
      return {kind: 'workingGone'};
    }
    const madeAnew = !existsSync(area);
    if (madeAnew) {
      remakeArea(working, area);
    }
    const merged = madeAnew ? undefined : mergeForeignEdit(request);
    db = openArea(area);
    db.prepare('ATTACH ? AS m').run(working);
    return flushInto(db, request, {merged, madeAnew});
  } catch (error) {
    return {kind: 'failed', message: error instanceof Error ? error.message : String(error)};
  } finally {
    db?.close();
  }
}

function remakeArea(working: string, area: string): void {
  const db = openWorking(working, {readonly: true});
  try {
    makeArea(db, area);
  } finally {
    db.close();
  }
}

/** Somebody wrote T since the last flush, and it is still the flush of this daemon that they wrote upon: their rows are taken. */
function mergeForeignEdit(request: FlushRequest): Merged | undefined {
  const {working, area, lastIdentity, nowS} = request;
  if (lastIdentity === undefined || writtenIdentityOf(area) === lastIdentity) {
    return undefined;
  }
  const db = openWorking(working, {readonly: true});
  try {
    db.prepare('ATTACH ? AS t').run(area);
    const isLastFlush =
      textIn(db, 't', 'SYNC_SEQ') === textIn(db, 'main', 'SYNC_SEQ') &&
      textIn(db, 't', 'SYNC_WRITER') === textIn(db, 'main', 'SYNC_COPY');
    if (!isLastFlush) {
      return undefined;
    }
  } finally {
    db.close();
  }
  const stampS = stampOf(area) ?? Math.floor(nowS);
  const merged = mergeAreaIntoWorking({
    working,
    area,
    sinceS: stampS - request.marginS,
    nowS,
    flushedS: stampS,
  });
  return merged.taken === 0 && merged.overridden.length === 0 ? undefined : merged;
}

function stampOf(area: string): number | undefined {
  const db = openArea(area, {readonly: true});
  try {
    return numberIn(db, 'main', 'SYNC_STAMP');
  } finally {
    db.close();
  }
}

/** Time, size and inode: what changes when anybody writes the file, or puts another in its place. */
function identityOf(path: string): string {
  const {mtimeMs, size, ino} = statSync(path);
  return `${mtimeMs}/${size}/${ino}`;
}

/** As `identityOf`, with SQLite's own count of changes, for a disk that keeps no fractions of a second. */
function writtenIdentityOf(path: string, counter = changeCounterOf(path)): string {
  return `${identityOf(path)}/${counter}`;
}

/** How often the file has been written, modulo 2^32. */
function changeCounterOf(path: string): number {
  const fd = openSync(path, 'r');
  try {
    const counter = Buffer.alloc(4);
    readSync(fd, counter, 0, counter.length, changeCounterOffset);
    return counter.readUInt32BE();
  } finally {
    closeSync(fd);
  }
}

/**
 * A flush gives T a time with a fraction of its own. A whole second is that of a disk without fractions, where two flushes may leave
 * the same: then only the file itself can tell.
 */
function tellsFlushesApart(identityOfT: string): boolean {
  return !Number.isInteger(Number(identityOfT.split('/')[0]) / 1000);
}

function flushInto(
  db: Connection,
  request: FlushRequest,
  before: {readonly merged: Merged | undefined; readonly madeAnew: boolean},
): FlushReport {
  // Deferred, not immediate: that would take the write lock of the attached M as well.
  db.exec('BEGIN');
  try {
    const stampOfT = numberIn(db, 'main', 'SYNC_STAMP');
    // From the first read on nobody else can write the file.
    const counter = changeCounterOf(request.area);
    const expectedSeq = numberIn(db, 'm', 'SYNC_SEQ') ?? 0;
    const seq = numberIn(db, 'main', 'SYNC_SEQ') ?? 0;
    const owner = textIn(db, 'main', 'SYNC_OWNER');
    if (owner !== undefined && owner !== '' && owner !== request.owner) {
      db.exec('ROLLBACK');
      return {kind: 'lostLease', owner};
    }
    const [epoch = '', ownEpoch = ''] = ['main', 'm'].map((schema) => textIn(db, schema, 'DB_EPOCH') ?? '');
    if (epoch.split('.')[0] !== ownEpoch.split('.')[0]) {
      db.exec('ROLLBACK');
      return {kind: 'foreign', epoch};
    }
    if (seq < expectedSeq && request.isFull !== true) {
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
    const nextSeq = Math.max(seq, expectedSeq) + 1;
    putMeta(db, 'SYNC_STAMP', String(stamp));
    putMeta(db, 'SYNC_SEQ', String(nextSeq));
    putMeta(db, 'SYNC_OWNER', request.owner);
    putMeta(db, 'SYNC_WRITER', textIn(db, 'm', 'SYNC_COPY') ?? '');
    db.exec('COMMIT');
    setMtime(request.area, stamp, nextSeq);
    // With the count that this flush has left: an edit a moment after it must look like one.
    const identity = writtenIdentityOf(request.area, (counter + 1) % 2 ** 32);
    return {kind: 'flushed', stamp, seq: nextSeq, rows, identity, ...before};
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
function setMtime(path: string, stamp: number, seq: number): void {
  try {
    const time = stamp + (seq % 1000) / 1000;
    utimesSync(path, time, time);
  } catch {
    // The file belongs to another user: its own time will do.
  }
}

export type CacheOutcome = {
  readonly path: string;
  /** Rows copied; 0 when T was not even opened. */
  readonly rows: number;
  readonly seq: number;
  readonly stampS: number;
  /** Why C could not be brought up to date: it is as old as its stamp. */
  readonly staleBecause?: string;
};

/** Brings C up to date when T's file changed (5.4); a barrier looks into T whatever its file says. */
export function refreshCache(
  areaFile: string,
  cacheFile: string,
  options: {readonly marginS: number; readonly isBarrier?: boolean},
): CacheOutcome {
  mkdirSync(dirname(cacheFile), {recursive: true, mode: 0o700});
  const identityOfT = identityOf(areaFile);
  if (!existsSync(cacheFile)) {
    return fillCache(areaFile, cacheFile, identityOfT);
  }
  try {
    return updateCache(areaFile, cacheFile, identityOfT, options);
  } catch (error) {
    if (quickCheck(cacheFile) !== undefined) {
      for (const suffix of ['', '-wal', '-shm']) {
        rmSync(cacheFile + suffix, {force: true});
      }
      return fillCache(areaFile, cacheFile, identityOfT);
    }
    return keepCache(cacheFile, error instanceof Error ? error.message : String(error));
  }
}

/** T is busy, half written or out of reach: what C has is still true of the time of its stamp. */
function keepCache(cacheFile: string, staleBecause: string): CacheOutcome {
  const db = openCache(cacheFile);
  try {
    return {
      path: cacheFile,
      rows: 0,
      seq: numberIn(db, 'main', 'SYNC_SEQ') ?? 0,
      stampS: numberIn(db, 'main', 'SYNC_STAMP') ?? 0,
      staleBecause,
    };
  } finally {
    db.close();
  }
}

function updateCache(
  areaFile: string,
  cacheFile: string,
  identityOfT: string,
  options: {readonly marginS: number; readonly isBarrier?: boolean},
): CacheOutcome {
  const db = openCache(cacheFile);
  try {
    const isUnchanged = tellsFlushesApart(identityOfT) && textIn(db, 'main', 'CACHE_SOURCE') === identityOfT;
    if (isUnchanged && options.isBarrier !== true) {
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
    const newStamp = numberIn(db, 't', 'SYNC_STAMP');
    const isTooOld = (stamp ?? 0) < (newStamp ?? 0) - tombstoneDays * daySeconds;
    const isFull = !isSameEpoch || stamp === undefined || wentBack || isTooOld || newStamp === undefined;
    const rows = copyChanges(db, 't', (stamp ?? 0) - options.marginS, isFull);
    const seq = numberIn(db, 't', 'SYNC_SEQ') ?? 0;
    const stampS = newStamp ?? Math.floor(statSync(areaFile).mtimeMs / 1000) - unknownStampMarginS;
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
  removeAbandoned(cacheFile);
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

/** What processes that were killed while they filled the cache have left beside it. */
function removeAbandoned(cacheFile: string): void {
  const folder = dirname(cacheFile);
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const ageMs = Date.now() - (statSync(file, {throwIfNoEntry: false})?.mtimeMs ?? Date.now());
    if (name.startsWith(`${basename(cacheFile)}.new.`) && ageMs > abandonedMs) {
      rmSync(file, {force: true});
    }
  }
}

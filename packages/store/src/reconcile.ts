/**
 * What a daemon does with M and T before it accepts calls (spec homehost.md 5.6, 13): afterwards both exist, are sound, have the
 * schema and the same epoch, and no row that only one of them had is lost.
 *
 * Which M wrote T last stands in T (`SYNC_WRITER` = `SYNC_COPY` of M): a T that this very M wrote is behind it, one that another M
 * wrote since is merged, and one that is older than what was written last has been restored, which a person has to decide.
 */
import {randomBytes} from 'node:crypto';
import {copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {UserError} from '@megatest/model';
import {type Connection, openArea, openWorking} from './connection.ts';
import {dropDeleteTriggers, makeArea} from './make-area.ts';
import {type Merged, mergeAreaIntoWorking} from './merge.ts';
import {quickCheck} from './quick-check.ts';
import {salvage} from './salvage.ts';
import {ensureSchema, type KeyColumn} from './schema.ts';
import {numberIn, putMeta, textIn} from './sync-marks.ts';

export type Reconciled = {
  readonly action: 'created' | 'filledFromT' | 'madeT' | 'kept' | 'replacedByT' | 'merged' | 'restored';
  readonly messages: readonly string[];
};

export type ReconcileRequest = {
  readonly working: string;
  readonly area: string;
  readonly keys: readonly KeyColumn[];
  readonly nowS: number;
  readonly marginS?: number;
};

const defaultMarginS = 10;
/** Exit code of a local database that cannot be used. */
const databaseError = 50;

export function reconcile(request: ReconcileRequest): Reconciled {
  const {working, area, keys, nowS} = request;
  const messages: string[] = [];
  const damagedM = setAsideIfCorrupt(working, `${working}.corrupt-${nowS}`, messages);
  const damagedT = setAsideIfCorrupt(
    area,
    join(dirname(area), 'old', `megatest.db.corrupt-${nowS}`),
    messages,
  );
  setLogAside(working, `${working}.lost-${nowS}`, messages);
  const hadT = existsSync(area);
  const action = settle(request, messages);
  const db = openWorking(working);
  try {
    prepareWorking(db, keys);
    // What was set aside may hold rows that the other file never got.
    if (damagedM !== undefined) {
      rescue(db, damagedM, action === 'created' && damagedT === undefined, messages);
    }
    if (damagedT !== undefined && action === 'created') {
      rescue(db, damagedT, true, messages);
    }
    if (!hadT) {
      makeArea(db, area);
      if (action === 'madeT') {
        messages.push(
          `INFO: made ${area} anew from ${working}; to begin with nothing, stop the daemon and remove both`,
        );
      }
    }
  } finally {
    db.close();
  }
  if (action === 'merged') {
    messages.push(mergeElsewhere(request));
  }
  prepareArea(request, hadT, messages);
  return {action, messages};
}

/** Decides who has the rows, and brings them into M; T is made or written later. */
function settle({working, area, nowS}: ReconcileRequest, messages: string[]): Reconciled['action'] {
  const [hasM, hasT] = [existsSync(working), existsSync(area)];
  if (!hasT) {
    return hasM ? 'madeT' : 'created';
  }
  if (!hasM) {
    copyFileSync(area, working);
    const marks = readMarks(area);
    messages.push(`INFO: filled ${working} from ${area}`);
    if (marks.owner !== '') {
      const time = new Date(marks.stamp * 1000).toISOString();
      messages.push(
        `WARNING: the last daemon did not end in order and its working database is gone: writes after ${time} may be missing`,
      );
    }
    return 'filledFromT';
  }
  const [own, there] = [readMarks(working), readMarks(area)];
  if (own.epoch.split('.')[0] !== there.epoch.split('.')[0]) {
    const stale = `${working}.stale-${nowS}`;
    moveDatabase(working, stale);
    copyFileSync(area, working);
    messages.push(
      `WARNING: ${working} belongs to another database than ${area}: kept as ${stale}, ${area} wins`,
    );
    return 'replacedByT';
  }
  if (there.seq < own.seq) {
    messages.push(
      `ERROR: ${area} is older than what was written last (flush ${there.seq}, expected ${own.seq}): was it restored? Use "megatest -import-megatest.db" to take it, or "megatest -sync-to-megatest.db" to overwrite it`,
    );
    return 'restored';
  }
  return there.seq > own.seq && there.writer !== own.copy ? 'merged' : 'kept';
}

type Marks = {
  readonly epoch: string;
  readonly seq: number;
  readonly stamp: number;
  readonly owner: string;
  readonly writer: string;
  readonly copy: string;
};

function readMarks(path: string): Marks {
  const db = openArea(path, {readonly: true});
  try {
    const text = (name: string) => textIn(db, 'main', name) ?? '';
    return {
      epoch: text('DB_EPOCH'),
      seq: numberIn(db, 'main', 'SYNC_SEQ') ?? 0,
      stamp: numberIn(db, 'main', 'SYNC_STAMP') ?? 0,
      owner: text('SYNC_OWNER'),
      writer: text('SYNC_WRITER'),
      copy: text('SYNC_COPY'),
    };
  } finally {
    db.close();
  }
}

function prepareWorking(db: Connection, keys: readonly KeyColumn[]): void {
  ensureSchema(db, keys, 'M');
  if (textIn(db, 'main', 'DB_EPOCH') === undefined) {
    putMeta(db, 'DB_EPOCH', `${randomBytes(8).toString('hex')}.0`);
  }
  // A copy of T brings along the mark of the M that it came from; this one is another.
  const copy = textIn(db, 'main', 'SYNC_COPY') ?? '';
  const [path = ''] = copy.split('|').slice(1);
  if (copy === '' || path !== db.name) {
    putMeta(db, 'SYNC_COPY', `${randomBytes(8).toString('hex')}|${db.name}`);
  }
}

/** The homehost was elsewhere meanwhile: what lost is written down. */
function mergeElsewhere({working, area, nowS, marginS = defaultMarginS}: ReconcileRequest): string {
  const {stamp} = readMarks(working);
  const merged = mergeAreaIntoWorking({working, area, sinceS: stamp - marginS, nowS});
  return writeMergeLog(area, merged, nowS);
}

/** Writes down what a merge overrode; returns the sentence about it. */
export function writeMergeLog(area: string, merged: Merged, nowS: number): string {
  const {taken, overridden} = merged;
  if (overridden.length === 0) {
    return `INFO: ${area} was changed by others meanwhile: took ${taken} rows`;
  }
  const file = join(dirname(area), 'logs', `merge-${Math.floor(nowS)}.jsonl`);
  mkdirSync(dirname(file), {recursive: true});
  writeFileSync(file, overridden.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return `WARNING: ${area} was changed by others meanwhile: took ${taken} rows; ${overridden.length} rows lost against newer ones and are written down in ${file}`;
}

function prepareArea({working, area, keys, nowS}: ReconcileRequest, hadT: boolean, messages: string[]): void {
  const db = openArea(area);
  try {
    if (hadT && Number(db.pragma('user_version', {simple: true})) === 0) {
      const copy = join(dirname(area), 'old', `megatest.db.v0.${nowS}`);
      mkdirSync(dirname(copy), {recursive: true});
      copyFileSync(area, copy);
      messages.push(`INFO: ${area} gets the new schema; a copy of what it was is ${copy}`);
    }
    ensureSchema(db, keys, 'T');
    dropDeleteTriggers(db);
    shareMarks(working, db);
  } finally {
    db.close();
  }
}

/** One epoch for both, the higher generation of it; a count of flushes that M never heard of is M's from now on. */
function shareMarks(working: string, areaDb: Connection): void {
  const db = openWorking(working);
  try {
    const epochOfT = textIn(areaDb, 'main', 'DB_EPOCH');
    if (epochOfT === undefined) {
      putMeta(areaDb, 'DB_EPOCH', textIn(db, 'main', 'DB_EPOCH') ?? '');
    } else {
      putMeta(db, 'DB_EPOCH', epochOfT);
    }
    const [own, there] = [numberIn(db, 'main', 'SYNC_SEQ') ?? 0, numberIn(areaDb, 'main', 'SYNC_SEQ') ?? 0];
    if (there > own) {
      putMeta(db, 'SYNC_SEQ', String(there));
    }
  } finally {
    db.close();
  }
}

/** Rows of a damaged file that can still be read and that nobody else has. */
function rescue(db: Connection, damaged: string, mustFind: boolean, messages: string[]): void {
  const counts = salvage(db, damaged);
  const total = counts.reduce((sum, {rows}) => sum + rows, 0);
  for (const {table, rows, unreadable} of counts) {
    if (rows > 0 || unreadable) {
      messages.push(
        `INFO: ${damaged}: ${rows} rows of ${table} saved${unreadable ? ', others cannot be read' : ''}`,
      );
    }
  }
  if (mustFind && total === 0) {
    const name = db.name;
    db.close();
    rmSync(name);
    throw new UserError(`nothing can be read of ${damaged}, and there is no other copy`, {
      hint: 'restore megatest.db from a backup, or remove what was set aside to begin with nothing',
      exitCode: databaseError,
    });
  }
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

/** Returns where a damaged file was put. */
function setAsideIfCorrupt(path: string, aside: string, messages: string[]): string | undefined {
  const problem = existsSync(path) ? quickCheck(path) : undefined;
  if (problem === undefined) {
    return undefined;
  }
  moveDatabase(path, aside);
  messages.push(`WARNING: ${path} is damaged (${problem}); it was set aside as ${aside}`);
  return aside;
}

/** A log without its database would be played into the next one that is put there. */
function setLogAside(working: string, aside: string, messages: string[]): void {
  if (!existsSync(working) && existsSync(`${working}-wal`)) {
    for (const suffix of ['-wal', '-shm']) {
      if (existsSync(working + suffix)) {
        renameSync(working + suffix, aside + suffix);
      }
    }
    messages.push(`WARNING: ${working} was removed; the log that was left is kept as ${aside}-wal`);
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

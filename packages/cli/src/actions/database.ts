/** What a person does with the database of an area as a whole (spec homehost.md 10): both styles end here. */
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {UserError} from '@megatest/model';
import {handOverRows, refuseReadOnly} from '@megatest/rpc';
import {
  copyDatabase,
  IMPORTED_TABLES,
  type ImportedRow,
  importableRows,
  quickCheck,
  setDatabaseAside,
  workingDirectory,
} from '@megatest/store';
import type {Session} from '../session.ts';
import {stopServer} from './servers.ts';

export type Report = (line: string) => void;

export function areaFile(session: Session): string {
  return join(session.area.path, 'megatest.db');
}

/** Where M of this user lies; only on the homehost. */
function workingFile(session: Session): string {
  const {path, name} = session.area;
  return join(workingDirectory({path, name}), 'megatest.db');
}

/** Checks that this host is the homehost, which alone has the working database. */
export function onlyAtHome(session: Session, what: string): void {
  const {isHere, name, file} = session.homehost;
  if (!isHere) {
    throw new UserError(
      `${what} must be run on the homehost, which is ${name}; removing .homehost moves it, but disrupts runs in progress`,
      {place: {file}, exitCode: 1},
    );
  }
}

export type FileCheck = {readonly path: string; readonly problem: string | null};

export function checkDatabases(session: Session): readonly FileCheck[] {
  const paths = [areaFile(session), ...(session.homehost.isHere ? [workingFile(session)] : [])];
  return paths.filter((path) => existsSync(path)).map((path) => ({path, problem: quickCheck(path) ?? null}));
}

/** A copy of `megatest.db` that holds everything committed before. */
export async function backUp(session: Session, file: string | undefined): Promise<string> {
  await session.daemon.call('sync.flush', {});
  const to = file ?? join(session.area.path, 'backups', `megatest-${timeStamp()}.db`);
  copyDatabase(areaFile(session), to);
  return to;
}

/** Puts a backup in the place of `megatest.db`; what was there is kept. */
export async function restore(session: Session, file: string, report: Report): Promise<void> {
  onlyAtHome(session, 'megatest db restore');
  if (!existsSync(file)) {
    throw new UserError(`there is no file ${file}`, {exitCode: 1});
  }
  const problem = quickCheck(file);
  if (problem !== undefined) {
    throw new UserError(`${file} is no sound database: ${problem}`, {exitCode: 1});
  }
  await endDaemon(session, 'megatest db restore');
  const kept = join(session.area.path, 'old', `megatest.db.before-restore-${timeStamp()}`);
  if (setDatabaseAside(areaFile(session), kept)) {
    report(`kept what was there as ${kept}`);
  }
  copyDatabase(file, areaFile(session));
  await takeArea(session, report);
}

/** `-import-megatest.db`: T is right, and M is made of it. */
export async function importArea(session: Session, what: string, report: Report): Promise<void> {
  onlyAtHome(session, what);
  if (!existsSync(areaFile(session))) {
    throw new UserError(`there is no ${areaFile(session)} to import`, {exitCode: 1});
  }
  await endDaemon(session, what);
  await takeArea(session, report);
}

/** Takes in the results of a database file, or the lines that `db export` printed: what is not there, or in an earlier version. */
export async function importFile(session: Session, file: string, report: Report): Promise<void> {
  refuseReadOnly(session.area.path, 'taking in results');
  if (!existsSync(file)) {
    throw new UserError(`there is no file ${file}`, {exitCode: 1});
  }
  const isDatabase = readFileSync(file).subarray(0, 6).toString('latin1') === 'SQLite';
  const problem = isDatabase ? quickCheck(file) : undefined;
  if (problem !== undefined) {
    throw new UserError(`${file} is no sound database: ${problem}`, {exitCode: 1});
  }
  const rows = isDatabase ? importableRows(file) : importedLines(file);
  const {taken, older} = await handOverRows(session.daemon, rows);
  report(`took ${taken} rows of ${file}`);
  if (older > 0) {
    report(`${older} rows are here in a later version`);
  }
}

/** Of lines that `db export` printed; other tables than those of results are left out. */
function* importedLines(file: string): Generator<ImportedRow> {
  const lines = readFileSync(file, 'utf8').split('\n');
  for (const [index, lineText] of lines.entries()) {
    if (lineText.trim() === '') {
      continue;
    }
    const {table, row} = parseLine(lineText) ?? {};
    if (typeof table !== 'string' || typeof row !== 'object' || row === null) {
      throw new UserError('this is no line of "megatest db export"', {
        place: {file, line: index + 1},
        hint: 'a line is {"table": ..., "row": {...}}',
        exitCode: 1,
      });
    }
    if ((IMPORTED_TABLES as readonly string[]).includes(table)) {
      yield {table, row} as ImportedRow;
    }
  }
}

function parseLine(line: string): {readonly table?: unknown; readonly row?: unknown} | undefined {
  try {
    return JSON.parse(line) as {readonly table?: unknown; readonly row?: unknown};
  } catch {
    return undefined;
  }
}

/** `-sync-to-megatest.db`: M is right, and T is made equal to it. */
export async function syncArea(session: Session, what: string, report: Report): Promise<void> {
  onlyAtHome(session, what);
  const {seq} = await session.daemon.call('sync.flush', {full: true});
  report(`megatest.db is equal to the working database, flush ${seq}`);
}

/** `-rebuild-db`: the schema of M and T is brought up to date, which a daemon does when it starts. */
export async function rebuild(session: Session, what: string, report: Report): Promise<void> {
  onlyAtHome(session, what);
  await endDaemon(session, what);
  await session.daemon.call('server.status', {});
  await syncArea(session, what, report);
}

export async function cleanUp(session: Session, what: string, report: Report): Promise<void> {
  onlyAtHome(session, what);
  const {before, after} = await session.daemon.call('db.cleanup', {});
  report(`before: ${before.runs} runs, ${before.tests} tests`);
  report(`after:  ${after.runs} runs, ${after.tests} tests`);
  await syncArea(session, what, report);
}

async function endDaemon(session: Session, what: string): Promise<void> {
  if (!(await stopServer(session, what))) {
    throw new UserError('the daemon did not end in time', {hint: 'see its log in logs/', exitCode: 1});
  }
}

/** Without M the next daemon fills it from T. */
async function takeArea(session: Session, report: Report): Promise<void> {
  const working = workingFile(session);
  const kept = `${working}.before-import-${timeStamp()}`;
  if (setDatabaseAside(working, kept)) {
    report(`kept the working database as ${kept}`);
  }
  await session.daemon.call('server.status', {});
  report(`the working database was filled from ${areaFile(session)}`);
}

function timeStamp(): string {
  return new Date().toISOString().replace(/\D/g, '').slice(0, 14);
}

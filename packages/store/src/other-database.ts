/**
 * Reads SQLite files that others have made: data of graphs, tables of views, results of other areas (spec dashboard.md B5.5, B5.10).
 * What is asked of them may take any time and cannot be interrupted, so it is asked in a process that can be ended.
 */
import {existsSync} from 'node:fs';
import {DownSample, type SeriesPoint, UserError} from '@megatest/model';
import Database from 'better-sqlite3';
import type {Connection} from './connection.ts';
import {Store} from './store.ts';

export type DataQuestion =
  | {
      readonly kind: 'series';
      readonly file: string;
      readonly table: string;
      readonly timeColumn: string;
      readonly nameColumn: string;
      readonly valueColumn: string;
      readonly series: readonly string[];
      /** `null`: all that there is. */
      readonly span: readonly [from: number, to: number] | null;
      /** Of each series. */
      readonly points: number;
    }
  | {readonly kind: 'select'; readonly file: string; readonly sql: string; readonly limit: number}
  | {readonly kind: 'newestRun'; readonly file: string};

export type DataAnswer =
  | {readonly kind: 'series'; readonly series: readonly NamedSeries[]}
  | {
      readonly kind: 'rows';
      readonly columns: readonly string[];
      readonly rows: readonly (readonly (string | number | null)[])[];
      readonly isTruncated: boolean;
    }
  | {
      readonly kind: 'run';
      readonly run: {readonly target: string; readonly runName: string; readonly eventTime: number} | null;
    };

export type NamedSeries = {readonly name: string; readonly points: readonly SeriesPoint[]};

type SeriesQuestion = Extract<DataQuestion, {readonly kind: 'series'}>;

const busyMs = 1000;
const identifier = /^[A-Za-z_]\w*$/;

export function answerData(question: DataQuestion): DataAnswer {
  const {file} = question;
  if (!existsSync(file)) {
    throw new UserError(`there is no database ${file}`);
  }
  const db = new Database(file, {readonly: true, fileMustExist: true, timeout: busyMs});
  try {
    switch (question.kind) {
      case 'series':
        return {kind: 'series', series: question.series.map((name) => readSeries(db, question, name))};
      case 'select':
        return readSelect(db, question.sql, question.limit);
      case 'newestRun':
        return {kind: 'run', run: newestRun(db)};
    }
  } catch (error) {
    // What SQLite says of a query or of a file is what whoever wrote it wants to know.
    throw error instanceof Database.SqliteError ? new UserError(`${file}: ${error.message}`) : error;
  } finally {
    db.close();
  }
}

/** With the last value before the span as its first point. */
function readSeries(db: Connection, question: SeriesQuestion, name: string): NamedSeries {
  const {table, timeColumn: time, nameColumn, valueColumn: value, span, points} = question;
  for (const part of [table, time, nameColumn, value]) {
    if (!identifier.test(part)) {
      throw new UserError(`"${part}" is no name of a table or a column`);
    }
  }
  const from = `FROM "${table}" WHERE "${nameColumn}" = ? AND typeof("${time}") IN ('integer', 'real')`;
  const columns = `"${time}" AS time, "${value}" + 0 AS value`;
  const [begin, end] =
    span ??
    db
      .prepare<[string], [number | null, number | null]>(`SELECT min("${time}"), max("${time}") ${from}`)
      .raw()
      .get(name)
      ?.map((found) => found ?? 0) ??
    [];
  const sample = new DownSample(begin ?? 0, end ?? 0, points - 1);
  const before = db
    .prepare<unknown[], {value: number | null}>(
      `SELECT ${columns} ${from} AND "${time}" < ? ORDER BY "${time}" DESC LIMIT 1`,
    )
    .get(name, begin);
  const rows = db
    .prepare<unknown[], {time: number; value: number | null}>(
      `SELECT ${columns} ${from} AND "${time}" BETWEEN ? AND ? ORDER BY "${time}"`,
    )
    .iterate(name, begin, end);
  for (const row of rows) {
    if (row.value !== null) {
      sample.add([row.time, row.value]);
    }
  }
  const carried = before?.value ?? null;
  return {name, points: carried === null ? sample.points : [[begin ?? 0, carried], ...sample.points]};
}

function readSelect(db: Connection, sql: string, limit: number): DataAnswer {
  if (!/^\s*select\b/i.test(sql)) {
    throw new UserError('the query of a view is one SELECT');
  }
  const statement = db.prepare<[], unknown[]>(sql);
  if (!statement.reader || !statement.readonly) {
    throw new UserError('the query of a view is one SELECT that changes nothing');
  }
  const rows: (string | number | null)[][] = [];
  for (const row of statement.raw().iterate()) {
    if (rows.length === limit) {
      return {kind: 'rows', columns: namesOf(statement), rows, isTruncated: true};
    }
    rows.push(row.map(shown));
  }
  return {kind: 'rows', columns: namesOf(statement), rows, isTruncated: false};
}

function namesOf(statement: {readonly columns: () => readonly {readonly name: string}[]}): readonly string[] {
  return statement.columns().map(({name}) => name);
}

function shown(value: unknown): string | number | null {
  return value === null || typeof value === 'string' || typeof value === 'number' ? value : String(value);
}

function newestRun(db: Connection): Extract<DataAnswer, {readonly kind: 'run'}>['run'] {
  const [run] = new Store(db).runs.find({runPatt: '%', newestFirst: true, limit: 1});
  return run === undefined
    ? null
    : {target: run.target.join('/'), runName: run.runName, eventTime: run.eventTime};
}

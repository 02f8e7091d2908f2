export type {ArchiveBlock} from './archive-table.ts';
export type {Attempt} from './attempt-table.ts';
export {type CellPage, type CellPlace, type CellRow, cellPage, cellsById} from './cell-rows.ts';
export {CHANGE_TABLES, type ChangePlace, type ChangeTable, changedRows} from './changed-rows.ts';
export {type Counts, clean} from './clean.ts';
export {type Connection, openArea, openCache, openWorking} from './connection.ts';
export type {DataRow} from './data-table.ts';
export {copyDatabase, exportRows, importableRows, setDatabaseAside} from './database-file.ts';
export {EnvironmentFile} from './environment-file.ts';
export {GroupCommitter} from './group-committer.ts';
export {
  IMPORTED_TABLES,
  type ImportedRow,
  importRows,
  type MovedId,
  renamed,
} from './import-rows.ts';
export type {JobRow, JobSelection, JobUpdate, NewJob, OpenJobState} from './job-table.ts';
export type {LockHolder} from './lock-table.ts';
export type {Merged, Overridden} from './merge.ts';
export type {MetaRow} from './meta-table.ts';
export {answerData, type DataAnswer, type DataQuestion, type NamedSeries} from './other-database.ts';
export type {
  Affected,
  AffectedSelection,
  HistorySelection,
  NetCount,
  PastOutcome,
  TestStateCount,
  VariableSelection,
} from './overviews.ts';
export {type NewPacket, PacketQueue, type QueuedPacket} from './packet-queue.ts';
export {BadCursor, type PageRequest, type RowPage} from './page.ts';
export {
  type AreaIdentity,
  areaHash,
  cachePaths,
  dotted,
  makePrivateDirectory,
  managerDirectory,
  workingDirectory,
} from './paths.ts';
export {quickCheck} from './quick-check.ts';
export {type Reconciled, reconcile, setSyncOwner, writeMergeLog} from './reconcile.ts';
export type {RegisterRun, RunRow, RunSelection, StateCount} from './run-table.ts';
export type {RunnerRow, RunnerSelection} from './runner-table.ts';
export {ensureSchema, type KeyColumn, PROGRAM_VERSION, SCHEMA_VERSION} from './schema.ts';
export type {StepRow} from './step-table.ts';
export {type Changes, noChanges, Store} from './store.ts';
export {
  type CacheOutcome,
  type FlushReport,
  type FlushRequest,
  flush,
  refreshCache,
  tombstoneDays,
} from './sync.ts';
export {
  type ItemSummary,
  type LoadSample,
  type Neighbour,
  TEST_ORDERS,
  type TestListing,
} from './test-listings.ts';
export {
  propertyOf,
  showable,
  TEST_COLUMNS,
  TEST_FIELDS,
  type TestColumn,
  type TestCore,
  type TestRow,
  type TestUpdate,
} from './test-row.ts';
export type {TestSelection} from './test-selection.ts';
export type {SetState, StateChange} from './test-table.ts';
export {type TestText, testText, testTexts} from './test-texts.ts';
export type {ResourceUsage, UsageRow} from './usage-table.ts';

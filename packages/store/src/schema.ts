/**
 * The one schema of M, T and C (spec homehost.md 4): the tables of the original, which scripts and older tools read, and what the
 * new system adds, which they ignore. Migrations are numbered by `PRAGMA user_version`.
 */
import {UserError} from '@megatest/model';
import type {Database} from 'better-sqlite3';

export const SCHEMA_VERSION = 5;
export const PROGRAM_VERSION = '2.0.0';

export type KeyColumn = {readonly name: string; readonly type: string};

const now = "strftime('%s','now')";
const lastUpdate = `last_update INTEGER DEFAULT (${now})`;

/** Tables whose rows are synced by `last_update`, with the columns that an update of an unchanged identity may leave out. */
export const STAMPED_TABLES = [
  'runs',
  'run_stats',
  'tests',
  'test_steps',
  'test_data',
  'runners',
  'jobs',
] as const;
export type StampedTable = (typeof STAMPED_TABLES)[number];

/** Small tables that are compared whole at every flush that finds them changed. */
export const SMALL_TABLES = [
  'keys',
  'test_meta',
  'archive_disks',
  'archive_blocks',
  'archive_allocations',
  'extradat',
  'access_log',
  'tasks_queue',
] as const;

function tables(keys: readonly KeyColumn[]): string {
  const keyColumns = keys.map((key) => `"${key.name}" ${key.type}, `).join('');
  const keyNames = keys.map((key) => `"${key.name}"`).join(', ');
  const unique = ['runname', ...(keys.length > 0 ? [keyNames] : [])].join(', ');
  return `
CREATE TABLE IF NOT EXISTS keys (id INTEGER PRIMARY KEY, fieldname TEXT, fieldtype TEXT,
  CONSTRAINT keyconstraint UNIQUE (fieldname));
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, ${keyColumns}runname TEXT DEFAULT 'norun', contour TEXT DEFAULT '',
  state TEXT DEFAULT '', status TEXT DEFAULT '', owner TEXT DEFAULT '', event_time TIMESTAMP DEFAULT (${now}),
  comment TEXT DEFAULT '', fail_count INTEGER DEFAULT 0, pass_count INTEGER DEFAULT 0, ${lastUpdate},
  CONSTRAINT runsconstraint UNIQUE (${unique}));
CREATE INDEX IF NOT EXISTS runs_index ON runs (${unique});
CREATE TABLE IF NOT EXISTS run_stats (id INTEGER PRIMARY KEY, run_id INTEGER, state TEXT, status TEXT, count INTEGER, ${lastUpdate});
CREATE TABLE IF NOT EXISTS test_meta (id INTEGER PRIMARY KEY, testname TEXT DEFAULT '', author TEXT DEFAULT '',
  owner TEXT DEFAULT '', description TEXT DEFAULT '', reviewed TIMESTAMP, iterated TEXT DEFAULT '', avg_runtime REAL,
  avg_disk REAL, tags TEXT DEFAULT '', jobgroup TEXT DEFAULT 'default', CONSTRAINT test_meta_constraint UNIQUE (testname));
CREATE TABLE IF NOT EXISTS tests (id INTEGER PRIMARY KEY, run_id INTEGER DEFAULT -1, testname TEXT DEFAULT 'noname',
  host TEXT DEFAULT 'n/a', cpuload REAL DEFAULT -1, diskfree INTEGER DEFAULT -1, uname TEXT DEFAULT 'n/a',
  rundir TEXT DEFAULT '/tmp/badname', shortdir TEXT DEFAULT '/tmp/badname', item_path TEXT DEFAULT '',
  state TEXT DEFAULT 'NOT_STARTED', status TEXT DEFAULT 'FAIL', attemptnum INTEGER DEFAULT 0,
  final_logf TEXT DEFAULT 'logs/final.log', logdat TEXT DEFAULT '', run_duration INTEGER DEFAULT 0, comment TEXT DEFAULT '',
  event_time TIMESTAMP DEFAULT (${now}), fail_count INTEGER DEFAULT 0, pass_count INTEGER DEFAULT 0,
  archived INTEGER DEFAULT 0, ${lastUpdate}, launch_id TEXT DEFAULT '', job TEXT DEFAULT '',
  CONSTRAINT testsconstraint UNIQUE (run_id, testname, item_path));
CREATE INDEX IF NOT EXISTS tests_index ON tests (run_id, testname, item_path, uname);
CREATE INDEX IF NOT EXISTS teststeps_index ON tests (run_id, testname, item_path);
CREATE TABLE IF NOT EXISTS test_steps (id INTEGER PRIMARY KEY, test_id INTEGER, stepname TEXT, state TEXT DEFAULT 'NOT_STARTED',
  status TEXT DEFAULT 'n/a', event_time TIMESTAMP, comment TEXT DEFAULT '', logfile TEXT DEFAULT '', ${lastUpdate},
  CONSTRAINT test_steps_constraint UNIQUE (test_id, stepname, state));
CREATE TABLE IF NOT EXISTS test_data (id INTEGER PRIMARY KEY, test_id INTEGER, category TEXT DEFAULT '', variable TEXT, value REAL,
  expected REAL, tol REAL, units TEXT, comment TEXT DEFAULT '', status TEXT DEFAULT 'n/a', type TEXT DEFAULT '', ${lastUpdate},
  CONSTRAINT test_data_constraint UNIQUE (test_id, category, variable));
CREATE INDEX IF NOT EXISTS test_data_index ON test_data (test_id);
CREATE TABLE IF NOT EXISTS metadat (id INTEGER PRIMARY KEY, var TEXT, val TEXT, CONSTRAINT metadat_constraint UNIQUE (var));
CREATE TABLE IF NOT EXISTS test_rundat (id INTEGER PRIMARY KEY, test_id INTEGER, update_time TIMESTAMP, cpuload INTEGER DEFAULT -1,
  diskfree INTEGER DEFAULT -1, diskusage INTGER DEFAULT -1, run_duration INTEGER DEFAULT 0, cpu_user REAL, cpu_system REAL,
  memory_peak INTEGER, read_bytes INTEGER, written_bytes INTEGER);
CREATE INDEX IF NOT EXISTS test_rundat_index ON test_rundat (test_id);
CREATE TABLE IF NOT EXISTS archive_disks (id INTEGER PRIMARY KEY, archive_area_name TEXT, disk_path TEXT, last_df INTEGER DEFAULT -1,
  last_df_time TIMESTAMP DEFAULT (${now}), creation_time TIMESTAMP);
CREATE TABLE IF NOT EXISTS archive_blocks (id INTEGER PRIMARY KEY, archive_disk_id INTEGER, disk_path TEXT, last_du INTEGER DEFAULT -1,
  last_du_time TIMESTAMP DEFAULT (${now}), creation_time TIMESTAMP);
CREATE TABLE IF NOT EXISTS archive_allocations (id INTEGER PRIMARY KEY, archive_block_id INTEGER, testname TEXT, item_path TEXT,
  creation_time TIMESTAMP);
CREATE TABLE IF NOT EXISTS archives (id INTEGER PRIMARY KEY, test_id INTEGER, state TEXT DEFAULT 'new', status TEXT DEFAULT 'n/a',
  archive_type TEXT DEFAULT 'bup', du INTEGER, archive_path TEXT);
CREATE TABLE IF NOT EXISTS tasks_queue (id INTEGER PRIMARY KEY, action TEXT DEFAULT '', owner TEXT, state TEXT DEFAULT 'new',
  target TEXT DEFAULT '', name TEXT DEFAULT '', testpatt TEXT DEFAULT '', keylock TEXT, params TEXT,
  creation_time TIMESTAMP DEFAULT (${now}), execution_time TIMESTAMP);
CREATE TABLE IF NOT EXISTS extradat (id INTEGER PRIMARY KEY, run_id INTEGER, key TEXT, val TEXT);
CREATE TABLE IF NOT EXISTS access_log (id INTEGER PRIMARY KEY, user TEXT, accessed TIMESTAMP, args TEXT);
CREATE TABLE IF NOT EXISTS sync_deletes (id INTEGER PRIMARY KEY, tbl TEXT, row_id INTEGER, last_update INTEGER);
CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, uuid TEXT UNIQUE, parent_uuid TEXT DEFAULT '', action TEXT,
  state TEXT DEFAULT 'waiting', owner TEXT DEFAULT '', source TEXT DEFAULT '', target TEXT DEFAULT '', run_name TEXT DEFAULT '',
  testpatt TEXT DEFAULT '', run_id INTEGER, test_id INTEGER, params TEXT DEFAULT '{}', priority INTEGER DEFAULT 0,
  not_before INTEGER DEFAULT 0, attempts INTEGER DEFAULT 0, max_attempts INTEGER DEFAULT 1, claim_token TEXT DEFAULT '',
  exit_code INTEGER, message TEXT DEFAULT '', log_path TEXT DEFAULT '', creation_time INTEGER DEFAULT (${now}),
  start_time INTEGER DEFAULT 0, end_time INTEGER DEFAULT 0, ${lastUpdate}, host TEXT DEFAULT '', lock_key TEXT DEFAULT '',
  claimed_by TEXT DEFAULT '', lease_until INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS runners (id INTEGER PRIMARY KEY, uuid TEXT UNIQUE, action TEXT, state TEXT DEFAULT 'running',
  owner TEXT DEFAULT '', host TEXT DEFAULT '', pid INTEGER DEFAULT 0, target TEXT DEFAULT '', run_name TEXT DEFAULT '',
  testpatt TEXT DEFAULT '', run_id INTEGER, options TEXT DEFAULT '{}', plan TEXT DEFAULT '', exit_code INTEGER,
  creation_time INTEGER DEFAULT (${now}), end_time INTEGER DEFAULT 0, ${lastUpdate});
CREATE TABLE IF NOT EXISTS rpc_done (client TEXT, seq INTEGER, result TEXT, at INTEGER, PRIMARY KEY (client, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS locks (name TEXT PRIMARY KEY, owner TEXT, expires INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tests_state ON tests (state);
CREATE INDEX IF NOT EXISTS run_stats_run ON run_stats (run_id);
`;
}

const triggerNames: Readonly<Record<StampedTable, string>> = {
  runs: 'update_runs_trigger',
  run_stats: 'update_run_stats_trigger',
  tests: 'update_tests_trigger',
  test_steps: 'update_teststeps_trigger',
  test_data: 'update_test_data_trigger',
  runners: 'update_runners_trigger',
  jobs: 'update_jobs_trigger',
};

/**
 * Stamps every update; the guard lets the sync, and the statements that stamp their rows themselves, write `last_update`. A row that has
 * this second's stamp already needs no second write.
 */
function updateTriggers(): string {
  return STAMPED_TABLES.map(
    (table) => `CREATE TRIGGER ${triggerNames[table]} AFTER UPDATE ON ${table} FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(${now} AS INTEGER)
  BEGIN UPDATE ${table} SET last_update = ${now} WHERE id = NEW.id; END;`,
  ).join('\n');
}

/** Tombstones, in M only: in T and C the sync itself deletes. */
function deleteTriggers(): string {
  return STAMPED_TABLES.map((table) => {
    const guard = table === 'jobs' ? "\n  WHEN OLD.action <> 'launch-test'" : '';
    return `CREATE TRIGGER IF NOT EXISTS delete_${table}_trigger AFTER DELETE ON ${table} FOR EACH ROW${guard}
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('${table}', OLD.id, ${now}); END;`;
  }).join('\n');
}

export type FileRole = 'M' | 'T' | 'C';

/**
 * Creates or migrates the schema in one transaction. A file of a newer schema is refused and left as it is.
 * Files of the original (`user_version` 0) keep their rows and ids.
 */
export function ensureSchema(db: Database, keys: readonly KeyColumn[], role: FileRole): void {
  const version = Number(db.pragma('user_version', {simple: true}));
  if (version > SCHEMA_VERSION) {
    throw new UserError(
      `database was written by a newer version (schema ${version}, this program knows ${SCHEMA_VERSION})`,
      {
        place: {file: db.name},
        hint: 'use the newer program; nothing was changed',
      },
    );
  }
  db.transaction(() => {
    if (version < SCHEMA_VERSION) {
      migrateOriginal(db, keys);
    }
    db.exec(tables(keys));
    addKeyColumns(db, keys);
    for (const table of STAMPED_TABLES) {
      db.exec(`CREATE INDEX IF NOT EXISTS ${table}_last_update ON ${table} (last_update)`);
    }
    if (version < SCHEMA_VERSION) {
      db.exec(
        Object.values(triggerNames)
          .map((name) => `DROP TRIGGER IF EXISTS ${name};`)
          .join('\n'),
      );
      db.exec('DROP TRIGGER IF EXISTS update_test_steps_trigger');
      db.exec(updateTriggers());
    }
    if (role === 'M') {
      db.exec(deleteTriggers());
      writeKeys(db, keys);
      db.prepare("INSERT OR IGNORE INTO metadat (var, val) VALUES ('MEGATEST_VERSION', ?)").run(
        PROGRAM_VERSION,
      );
    }
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).immediate();
}

/** Columns that files of the original may lack. */
function migrateOriginal(db: Database, keys: readonly KeyColumn[]): void {
  const has =
    db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'tests'").get() !== undefined;
  if (!has) {
    return;
  }
  db.exec(
    tables(keys)
      .split(';')
      .filter((sql) => sql.includes('CREATE TABLE'))
      .join(';'),
  );
  const missing: readonly (readonly [string, string, string])[] = [
    ['runs', 'contour', "TEXT DEFAULT ''"],
    ['tests', 'launch_id', "TEXT DEFAULT ''"],
    ['tests', 'job', "TEXT DEFAULT ''"],
    ['test_rundat', 'cpu_user', 'REAL'],
    ['test_rundat', 'cpu_system', 'REAL'],
    ['test_rundat', 'memory_peak', 'INTEGER'],
    ['test_rundat', 'read_bytes', 'INTEGER'],
    ['test_rundat', 'written_bytes', 'INTEGER'],
    ['jobs', 'host', "TEXT DEFAULT ''"],
    ['jobs', 'lock_key', "TEXT DEFAULT ''"],
    ['jobs', 'claimed_by', "TEXT DEFAULT ''"],
    ['jobs', 'lease_until', 'INTEGER DEFAULT 0'],
    ...STAMPED_TABLES.map((table) => [table, 'last_update', 'INTEGER'] as const),
  ];
  for (const [table, column, declaration] of missing) {
    if (!columnsOf(db, table).includes(column)) {
      db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${declaration}`);
      if (column === 'last_update') {
        db.exec(`UPDATE ${table} SET last_update = ${now}`);
      }
    }
  }
}

/** A key that is new in `[fields]`: its column, and `runs` rebuilt so that the unique constraint covers it. */
function addKeyColumns(db: Database, keys: readonly KeyColumn[]): void {
  const have = columnsOf(db, 'runs');
  const missing = keys.filter((key) => !have.includes(key.name));
  if (missing.length === 0) {
    return;
  }
  const shared = have.map((column) => `"${column}"`).join(', ');
  db.exec('ALTER TABLE runs RENAME TO runs_before');
  db.exec('DROP INDEX IF EXISTS runs_index');
  for (const name of ['update_runs_trigger', 'delete_runs_trigger']) {
    db.exec(`DROP TRIGGER IF EXISTS ${name}`);
  }
  db.exec(tables(keys));
  const extra = missing.map((key) => `"${key.name}"`).join(', ');
  db.exec(
    `INSERT INTO runs (${shared}, ${extra}) SELECT ${shared}, ${missing.map(() => "'x'").join(', ')} FROM runs_before`,
  );
  db.exec('DROP TABLE runs_before');
  db.exec(
    updateTriggers()
      .split('\nCREATE')
      .filter((sql) => sql.includes(' ON runs '))
      .map((sql) => (sql.startsWith('CREATE') ? sql : `CREATE${sql}`))
      .join('\n'),
  );
}

function writeKeys(db: Database, keys: readonly KeyColumn[]): void {
  const wanted = keys.map((key) => key.name);
  const have = db.prepare<[], string>('SELECT fieldname FROM keys ORDER BY id').pluck().all();
  if (wanted.join('/') === have.join('/')) {
    return;
  }
  db.exec('DELETE FROM keys');
  const insert = db.prepare('INSERT INTO keys (fieldname, fieldtype) VALUES (?, ?)');
  for (const key of keys) {
    insert.run(key.name, 'TEXT');
  }
}

export function columnsOf(db: Database, table: string): readonly string[] {
  return db.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all();
}

/** The keys that a database was made with, in order. */
export function readKeys(db: Database): readonly string[] {
  return db.prepare<[], string>('SELECT fieldname FROM keys ORDER BY id').pluck().all();
}

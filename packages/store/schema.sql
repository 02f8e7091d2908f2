CREATE TRIGGER delete_jobs_trigger AFTER DELETE ON jobs FOR EACH ROW
  WHEN OLD.action <> 'launch-test'
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('jobs', OLD.id, strftime('%s','now')); END;
CREATE TRIGGER update_jobs_trigger AFTER UPDATE ON jobs FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(strftime('%s','now') AS INTEGER)
  BEGIN UPDATE jobs SET last_update = strftime('%s','now') WHERE id = NEW.id; END;
CREATE TRIGGER delete_run_stats_trigger AFTER DELETE ON run_stats FOR EACH ROW
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('run_stats', OLD.id, strftime('%s','now')); END;
CREATE TRIGGER update_run_stats_trigger AFTER UPDATE ON run_stats FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(strftime('%s','now') AS INTEGER)
  BEGIN UPDATE run_stats SET last_update = strftime('%s','now') WHERE id = NEW.id; END;
CREATE TRIGGER delete_runners_trigger AFTER DELETE ON runners FOR EACH ROW
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('runners', OLD.id, strftime('%s','now')); END;
CREATE TRIGGER update_runners_trigger AFTER UPDATE ON runners FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(strftime('%s','now') AS INTEGER)
  BEGIN UPDATE runners SET last_update = strftime('%s','now') WHERE id = NEW.id; END;
CREATE TRIGGER delete_runs_trigger AFTER DELETE ON runs FOR EACH ROW
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('runs', OLD.id, strftime('%s','now')); END;
CREATE TRIGGER update_runs_trigger AFTER UPDATE ON runs FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(strftime('%s','now') AS INTEGER)
  BEGIN UPDATE runs SET last_update = strftime('%s','now') WHERE id = NEW.id; END;
CREATE TRIGGER delete_test_data_trigger AFTER DELETE ON test_data FOR EACH ROW
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('test_data', OLD.id, strftime('%s','now')); END;
CREATE TRIGGER update_test_data_trigger AFTER UPDATE ON test_data FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(strftime('%s','now') AS INTEGER)
  BEGIN UPDATE test_data SET last_update = strftime('%s','now') WHERE id = NEW.id; END;
CREATE TRIGGER delete_test_steps_trigger AFTER DELETE ON test_steps FOR EACH ROW
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('test_steps', OLD.id, strftime('%s','now')); END;
CREATE TRIGGER update_teststeps_trigger AFTER UPDATE ON test_steps FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(strftime('%s','now') AS INTEGER)
  BEGIN UPDATE test_steps SET last_update = strftime('%s','now') WHERE id = NEW.id; END;
CREATE TRIGGER delete_tests_trigger AFTER DELETE ON tests FOR EACH ROW
  BEGIN INSERT INTO sync_deletes (tbl, row_id, last_update) VALUES ('tests', OLD.id, strftime('%s','now')); END;
CREATE TRIGGER update_tests_trigger AFTER UPDATE ON tests FOR EACH ROW
  WHEN NEW.last_update IS OLD.last_update AND NEW.last_update IS NOT CAST(strftime('%s','now') AS INTEGER)
  BEGIN UPDATE tests SET last_update = strftime('%s','now') WHERE id = NEW.id; END;
CREATE TABLE access_log (id INTEGER PRIMARY KEY, user TEXT, accessed TIMESTAMP, args TEXT);
CREATE TABLE archive_allocations (id INTEGER PRIMARY KEY, archive_block_id INTEGER, testname TEXT, item_path TEXT,
  creation_time TIMESTAMP);
CREATE TABLE archive_blocks (id INTEGER PRIMARY KEY, archive_disk_id INTEGER, disk_path TEXT, last_du INTEGER DEFAULT -1,
  last_du_time TIMESTAMP DEFAULT (strftime('%s','now')), creation_time TIMESTAMP);
CREATE TABLE archive_disks (id INTEGER PRIMARY KEY, archive_area_name TEXT, disk_path TEXT, last_df INTEGER DEFAULT -1,
  last_df_time TIMESTAMP DEFAULT (strftime('%s','now')), creation_time TIMESTAMP);
CREATE TABLE archives (id INTEGER PRIMARY KEY, test_id INTEGER, state TEXT DEFAULT 'new', status TEXT DEFAULT 'n/a',
  archive_type TEXT DEFAULT 'bup', du INTEGER, archive_path TEXT);
CREATE TABLE extradat (id INTEGER PRIMARY KEY, run_id INTEGER, key TEXT, val TEXT);
CREATE TABLE jobs (id INTEGER PRIMARY KEY, uuid TEXT UNIQUE, parent_uuid TEXT DEFAULT '', action TEXT,
  state TEXT DEFAULT 'waiting', owner TEXT DEFAULT '', source TEXT DEFAULT '', target TEXT DEFAULT '', run_name TEXT DEFAULT '',
  testpatt TEXT DEFAULT '', run_id INTEGER, test_id INTEGER, params TEXT DEFAULT '{}', priority INTEGER DEFAULT 0,
  not_before INTEGER DEFAULT 0, attempts INTEGER DEFAULT 0, max_attempts INTEGER DEFAULT 1, claim_token TEXT DEFAULT '',
  exit_code INTEGER, message TEXT DEFAULT '', log_path TEXT DEFAULT '', creation_time INTEGER DEFAULT (strftime('%s','now')),
  start_time INTEGER DEFAULT 0, end_time INTEGER DEFAULT 0, last_update INTEGER DEFAULT (strftime('%s','now')), host TEXT DEFAULT '', lock_key TEXT DEFAULT '',
  claimed_by TEXT DEFAULT '', lease_until INTEGER DEFAULT 0);
CREATE TABLE keys (id INTEGER PRIMARY KEY, fieldname TEXT, fieldtype TEXT,
  CONSTRAINT keyconstraint UNIQUE (fieldname));
CREATE TABLE locks (name TEXT PRIMARY KEY, owner TEXT, expires INTEGER) WITHOUT ROWID;
CREATE TABLE metadat (id INTEGER PRIMARY KEY, var TEXT, val TEXT, CONSTRAINT metadat_constraint UNIQUE (var));
CREATE TABLE rpc_done (client TEXT, seq INTEGER, result TEXT, at INTEGER, PRIMARY KEY (client, seq)) WITHOUT ROWID;
CREATE TABLE run_stats (id INTEGER PRIMARY KEY, run_id INTEGER, state TEXT, status TEXT, count INTEGER, last_update INTEGER DEFAULT (strftime('%s','now')));
CREATE TABLE runners (id INTEGER PRIMARY KEY, uuid TEXT UNIQUE, action TEXT, state TEXT DEFAULT 'running',
  owner TEXT DEFAULT '', host TEXT DEFAULT '', pid INTEGER DEFAULT 0, target TEXT DEFAULT '', run_name TEXT DEFAULT '',
  testpatt TEXT DEFAULT '', run_id INTEGER, options TEXT DEFAULT '{}', plan TEXT DEFAULT '', exit_code INTEGER,
  creation_time INTEGER DEFAULT (strftime('%s','now')), end_time INTEGER DEFAULT 0, last_update INTEGER DEFAULT (strftime('%s','now')));
CREATE TABLE runs (id INTEGER PRIMARY KEY, "OS" TEXT, "REL" TEXT, runname TEXT DEFAULT 'norun', contour TEXT DEFAULT '',
  state TEXT DEFAULT '', status TEXT DEFAULT '', owner TEXT DEFAULT '', event_time TIMESTAMP DEFAULT (strftime('%s','now')),
  comment TEXT DEFAULT '', fail_count INTEGER DEFAULT 0, pass_count INTEGER DEFAULT 0, last_update INTEGER DEFAULT (strftime('%s','now')),
  CONSTRAINT runsconstraint UNIQUE (runname, "OS", "REL"));
CREATE TABLE sync_deletes (id INTEGER PRIMARY KEY, tbl TEXT, row_id INTEGER, last_update INTEGER);
CREATE TABLE tasks_queue (id INTEGER PRIMARY KEY, action TEXT DEFAULT '', owner TEXT, state TEXT DEFAULT 'new',
  target TEXT DEFAULT '', name TEXT DEFAULT '', testpatt TEXT DEFAULT '', keylock TEXT, params TEXT,
  creation_time TIMESTAMP DEFAULT (strftime('%s','now')), execution_time TIMESTAMP);
CREATE TABLE test_data (id INTEGER PRIMARY KEY, test_id INTEGER, category TEXT DEFAULT '', variable TEXT, value REAL,
  expected REAL, tol REAL, units TEXT, comment TEXT DEFAULT '', status TEXT DEFAULT 'n/a', type TEXT DEFAULT '', last_update INTEGER DEFAULT (strftime('%s','now')),
  CONSTRAINT test_data_constraint UNIQUE (test_id, category, variable));
CREATE TABLE test_meta (id INTEGER PRIMARY KEY, testname TEXT DEFAULT '', author TEXT DEFAULT '',
  owner TEXT DEFAULT '', description TEXT DEFAULT '', reviewed TIMESTAMP, iterated TEXT DEFAULT '', avg_runtime REAL,
  avg_disk REAL, tags TEXT DEFAULT '', jobgroup TEXT DEFAULT 'default', CONSTRAINT test_meta_constraint UNIQUE (testname));
CREATE TABLE test_rundat (id INTEGER PRIMARY KEY, test_id INTEGER, update_time TIMESTAMP, cpuload INTEGER DEFAULT -1,
  diskfree INTEGER DEFAULT -1, diskusage INTGER DEFAULT -1, run_duration INTEGER DEFAULT 0, cpu_user REAL, cpu_system REAL,
  memory_peak INTEGER, read_bytes INTEGER, written_bytes INTEGER);
CREATE TABLE test_steps (id INTEGER PRIMARY KEY, test_id INTEGER, stepname TEXT, state TEXT DEFAULT 'NOT_STARTED',
  status TEXT DEFAULT 'n/a', event_time TIMESTAMP, comment TEXT DEFAULT '', logfile TEXT DEFAULT '', last_update INTEGER DEFAULT (strftime('%s','now')),
  CONSTRAINT test_steps_constraint UNIQUE (test_id, stepname, state));
CREATE TABLE tests (id INTEGER PRIMARY KEY, run_id INTEGER DEFAULT -1, testname TEXT DEFAULT 'noname',
  host TEXT DEFAULT 'n/a', cpuload REAL DEFAULT -1, diskfree INTEGER DEFAULT -1, uname TEXT DEFAULT 'n/a',
  rundir TEXT DEFAULT '/tmp/badname', shortdir TEXT DEFAULT '/tmp/badname', item_path TEXT DEFAULT '',
  state TEXT DEFAULT 'NOT_STARTED', status TEXT DEFAULT 'FAIL', attemptnum INTEGER DEFAULT 0,
  final_logf TEXT DEFAULT 'logs/final.log', logdat TEXT DEFAULT '', run_duration INTEGER DEFAULT 0, comment TEXT DEFAULT '',
  event_time TIMESTAMP DEFAULT (strftime('%s','now')), fail_count INTEGER DEFAULT 0, pass_count INTEGER DEFAULT 0,
  archived INTEGER DEFAULT 0, last_update INTEGER DEFAULT (strftime('%s','now')), launch_id TEXT DEFAULT '', job TEXT DEFAULT '',
  CONSTRAINT testsconstraint UNIQUE (run_id, testname, item_path));
CREATE INDEX jobs_last_update ON jobs (last_update);
CREATE INDEX run_stats_last_update ON run_stats (last_update);
CREATE INDEX run_stats_run ON run_stats (run_id);
CREATE INDEX runners_last_update ON runners (last_update);
CREATE INDEX runs_index ON runs (runname, "OS", "REL");
CREATE INDEX runs_last_update ON runs (last_update);
CREATE INDEX test_data_index ON test_data (test_id);
CREATE INDEX test_data_last_update ON test_data (last_update);
CREATE INDEX test_rundat_index ON test_rundat (test_id);
CREATE INDEX test_steps_last_update ON test_steps (last_update);
CREATE INDEX tests_index ON tests (run_id, testname, item_path, uname);
CREATE INDEX tests_last_update ON tests (last_update);
CREATE INDEX tests_state ON tests (state);
CREATE INDEX teststeps_index ON tests (run_id, testname, item_path);

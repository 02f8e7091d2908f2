/** Fills a database with runs of tests that have passed. */
import type {Connection} from '@megatest/store';

/** `runs` runs `r1`, `r2` ... of target `x` with `tests` items each; ids of tests go from 1 to `runs * tests`. */
export function fillRuns(db: Connection, runs: number, tests: number): void {
  db.transaction(() => {
    for (const table of ['runs', 'tests', 'test_steps', 'test_data', 'run_stats']) {
      db.exec(`DELETE FROM ${table}`);
    }
    db.exec('DELETE FROM sync_deletes');
    db.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO runs (id, kind, runname, state, status, owner) SELECT i, 'x', 'r' || i, 'new', 'n/a', 'me' FROM n`,
    ).run(runs);
    db.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ? - 1)
       INSERT INTO tests (id, run_id, testname, item_path, host, uname, rundir, state, status, run_duration)
       SELECT i + 1, i / CAST(? AS INTEGER) + 1, 'test', i % CAST(? AS INTEGER), 'host', 'Linux', '/disk/x/r/test/' || (i % CAST(? AS INTEGER)), 'COMPLETED', 'PASS', 3 FROM n`,
    ).run(runs * tests, tests, tests, tests);
  })();
}

/* Real SQL work against one build of SQLite: qualify FILE speed ROWS | sql | write ROUNDS | check */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "sqlite3.h"

static sqlite3 *db;

static void fail(const char *what) {
  printf("FAILED: %s: %s\n", what, db ? sqlite3_errmsg(db) : "no database");
  exit(1);
}

static void run(const char *sql) {
  char *message = 0;
  if (sqlite3_exec(db, sql, 0, 0, &message) != SQLITE_OK) fail(sql);
}

static sqlite3_int64 number(const char *sql) {
  sqlite3_stmt *statement;
  sqlite3_int64 value;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, 0) != SQLITE_OK || sqlite3_step(statement) != SQLITE_ROW) fail(sql);
  value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

static void expect(const char *sql, sqlite3_int64 want) {
  sqlite3_int64 have = number(sql);
  printf("%s: %lld %s\n", have == want ? "ok" : "MISMATCH", (long long)have, sql);
  if (have != want) exit(1);
}

static void integrity(void) {
  sqlite3_stmt *statement;
  if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, 0) != SQLITE_OK) fail("integrity_check");
  if (sqlite3_step(statement) != SQLITE_ROW) fail("integrity_check");
  printf("integrity: %s\n", (const char *)sqlite3_column_text(statement, 0));
  if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) exit(1);
  sqlite3_finalize(statement);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void speed(int rows) {
  int i;
  double start = now();
  sqlite3_stmt *insert;
  run("CREATE TABLE part(id INTEGER PRIMARY KEY, name TEXT, size INTEGER)");
  run("BEGIN");
  if (sqlite3_prepare_v2(db, "INSERT INTO part(name, size) VALUES(?, ?)", -1, &insert, 0) != SQLITE_OK) fail("insert");
  for (i = 0; i < rows; i++) {
    char name[32];
    snprintf(name, sizeof name, "part %d", i * 7919 % rows);
    sqlite3_bind_text(insert, 1, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(insert, 2, i % 97);
    if (sqlite3_step(insert) != SQLITE_DONE) fail("insert");
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  run("COMMIT");
  run("CREATE INDEX part_name ON part(name)");
  number("SELECT sum(a.size) FROM part a JOIN part b ON a.name = b.name");
  number("SELECT count(*) FROM (SELECT size, count(*), avg(length(name)) FROM part GROUP BY size ORDER BY 2)");
  printf("rows_per_second %.0f\n", rows / (now() - start));
}

static void sql(void) {
  run("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE, c REAL)");
  run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)"
      " INSERT INTO t SELECT i, printf('row %d', i % 100), i / 4.0 FROM n");
  expect("SELECT count(*) FROM t", 10000);
  expect("SELECT count(DISTINCT b) FROM t", 100);
  expect("SELECT count(*) FROM t WHERE b = 'ROW 7'", 100);
  expect("SELECT CAST(sum(c) AS INTEGER) FROM t", 12501250);
  expect("SELECT count(*) FROM (SELECT sum(c) OVER (PARTITION BY b ORDER BY a) FROM t)", 10000);
  run("SAVEPOINT s");
  run("DELETE FROM t WHERE a % 2 = 0");
  expect("SELECT count(*) FROM t", 5000);
  run("ROLLBACK TO s");
  run("RELEASE s");
  expect("SELECT count(*) FROM t", 10000);
  run("CREATE TABLE audit(n INTEGER)");
  run("CREATE TRIGGER t_delete AFTER DELETE ON t BEGIN INSERT INTO audit VALUES(old.a); END");
  run("DELETE FROM t WHERE a <= 10");
  expect("SELECT sum(n) FROM audit", 55);
  run("INSERT INTO t(a, b, c) VALUES(11, 'again', 0) ON CONFLICT(a) DO UPDATE SET b = excluded.b");
  expect("SELECT b = 'again' FROM t WHERE a = 11", 1);
  integrity();
}

static void writer(int rounds) {
  int i;
  run("PRAGMA journal_mode = DELETE");
  run("CREATE TABLE IF NOT EXISTS ledger(id INTEGER PRIMARY KEY, amount INTEGER)");
  for (i = 0; i < rounds; i++) {
    run("BEGIN IMMEDIATE");
    run("INSERT INTO ledger(amount) VALUES(100)");
    run("INSERT INTO ledger(amount) VALUES(-100)");
    run("COMMIT");
    if (i == 20) {
      printf("writing\n");
      fflush(stdout);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 3 || sqlite3_open(argv[1], &db) != SQLITE_OK) fail("open");
  if (strcmp(argv[2], "speed") == 0 && argc > 3) speed(atoi(argv[3]));
  else if (strcmp(argv[2], "sql") == 0) sql();
  else if (strcmp(argv[2], "write") == 0 && argc > 3) writer(atoi(argv[3]));
  else if (strcmp(argv[2], "check") == 0) {
    integrity();
    expect("SELECT coalesce(sum(amount), 0) FROM ledger", 0);
    printf("rows %lld\n", (long long)number("SELECT count(*) FROM ledger"));
  } else fail("unknown command");
  sqlite3_close(db);
  printf("SQLite %s done\n", sqlite3_libversion());
  return 0;
}

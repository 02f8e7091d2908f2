#!/bin/sh
set -e
echo "$COMPILER -$LEVEL: $($COMPILER --version | head -n 1)"
$COMPILER -$LEVEL -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -c "$SQLITE_DIR/sqlite3.c" -o sqlite3.o
$COMPILER -$LEVEL -I"$SQLITE_DIR" "$MT_RUN_AREA_HOME/source/qualify.c" sqlite3.o -lm -o qualify
echo "linked qualify"

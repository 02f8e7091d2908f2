#!/bin/sh
# Prints the folder with sqlite3.c: $SQLITE_SOURCE, or the one in the nearest node_modules above the area.
if [ -n "$SQLITE_SOURCE" ]; then
  echo "$SQLITE_SOURCE"
  exit 0
fi
dir=${MT_RUN_AREA_HOME:-$PWD}
while [ "$dir" != / ]; do
  if [ -f "$dir/node_modules/better-sqlite3/deps/sqlite3/sqlite3.c" ]; then
    echo "$dir/node_modules/better-sqlite3/deps/sqlite3"
    exit 0
  fi
  dir=$(dirname "$dir")
done
echo no-sqlite-source-found

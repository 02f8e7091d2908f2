#!/bin/sh
# An object far outside this range would be a broken build, whatever the compiler.
kb=$(($(wc -c < sqlite3.o) / 1024))
echo "compile,object_kb,$kb,1700,1200,KiB,size of sqlite3.o" | tee values.csv | $MT_MEGATEST -load-test-data

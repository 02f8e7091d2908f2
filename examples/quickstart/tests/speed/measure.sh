#!/bin/sh
# Each line: category,variable,value,expected,tol,units,comment. The value passes within expected +- tol.
entries=$(wc -l < "$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/compile/release/table.txt")
top=$(awk 'NR == 1 {print $2}' "$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/compile/release/table.txt")
$MT_MEGATEST -load-test-data <<DATA
table,entries,$entries,10,0,words,distinct words in the release table
table,top_count,$top,$((WORDS / 5)),$((WORDS / 10)),words,count of the most frequent word
DATA

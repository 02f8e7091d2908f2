#!/bin/sh
# Some lines of the text hold the same word twice: this test fails, and says where.
awk '$1 == $2 {print "error: line " NR ": the word \"" $1 "\" stands twice"; if (++n == 3) exit}' \
  "$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/sources/words.txt"
echo "style check done"

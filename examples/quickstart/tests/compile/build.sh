#!/bin/sh
# Counts the words; the release table is sorted by frequency.
source="$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/sources/words.txt"
awk '{n[$1]++; n[$2]++} END {for (w in n) print w, n[w]}' "$source" > table.txt
[ "$MODE" = release ] && sort -k2,2nr -k1,1 -o table.txt table.txt
echo "built $(wc -l < table.txt) entries in mode $MODE"

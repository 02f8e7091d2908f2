#!/bin/sh
table="$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/compile/$MODE/table.txt"
case $SUITE in
size) have=$(wc -l < "$table") want=10 ;;
sum) have=$(awk '{s += $2} END {print s}' "$table") want=$((WORDS * 2)) ;;
esac
echo "checked $SUITE of $MODE: $have"
[ "$have" -eq "$want" ] || echo "mismatch: $SUITE is $have, expected $want"

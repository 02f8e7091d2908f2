#!/bin/sh
builds="$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/compile"
for round in 1 2 3; do
  "$builds/$COMPILER/$LEVEL/qualify" :memory: speed "$ROWS"
done | tee rounds.txt
awk '/^rows_per_second/ {print $2}' rounds.txt | sort -n | sed -n 2p > rows_per_second.txt

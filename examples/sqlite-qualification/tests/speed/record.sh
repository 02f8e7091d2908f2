#!/bin/sh
# The ratio must not fall far below 1: an optimised build that is slower than -O0 is wrong. The margin is for noise.
own=$(cat rows_per_second.txt)
base=$(cat "$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/baseline/$COMPILER/rows_per_second.txt")
ratio=$(awk -v a="$own" -v b="$base" 'BEGIN {printf "%.2f", a / b}')
$MT_MEGATEST -load-test-data <<DATA
speed,rows_per_second,$own,,,rows/s,median of three rounds,n/a
speed,relative_to_O0,$ratio,0.5,>=,x,rows per second relative to the -O0 build
DATA
echo "speed,rows_per_second,$own" > values.csv
echo "speed,relative_to_O0,$ratio" >> values.csv
echo "$COMPILER -$LEVEL: $own rows/s, $ratio x"

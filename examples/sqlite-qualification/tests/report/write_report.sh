#!/bin/sh
run="$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME"
{
  echo "<!doctype html><title>SQLite qualification</title>"
  echo "<h1>SQLite on $MT_TARGET, run $MT_RUNNAME</h1>"
  echo "<table border=1><tr><th>build<th>object KiB<th>rows/s<th>relative to -O0"
  for build in "$run"/compile/*/*/values.csv; do
    item=${build#"$run"/compile/}
    item=${item%/values.csv}
    kb=$(awk -F, '$2 == "object_kb" {print $3}' "$build")
    speed="$run/speed/$item/values.csv"
    rows=$(awk -F, '$2 == "rows_per_second" {print $3}' "$speed")
    ratio=$(awk -F, '$2 == "relative_to_O0" {print $3}' "$speed")
    echo "<tr><td>$item<td>$kb<td>$rows<td>$ratio"
  done
  echo "</table>"
} > report.html
$MT_MEGATEST -setlog report.html
cat report.html

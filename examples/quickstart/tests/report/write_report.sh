#!/bin/sh
run="$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME"
{
  echo "<html><body><h1>$MT_TARGET $MT_RUNNAME</h1><pre>"
  for table in "$run"/compile/*/table.txt; do
    echo "$table: $(wc -l < "$table") words"
  done
  echo "</pre></body></html>"
} > report.html
$MT_MEGATEST -setlog report.html
echo "report written"

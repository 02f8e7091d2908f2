#!/bin/sh
# The writer says when it is at work; then it is killed without warning.
mkfifo told
"$MT_LINKTREE/$MT_TARGET/$MT_RUNNAME/compile/$COMPILER/$LEVEL/qualify" ledger.db write 1000000 > told &
writer=$!
read -r word < told
kill -9 $writer
wait $writer 2>/dev/null
rm told
echo "killed the writer after it said: $word"

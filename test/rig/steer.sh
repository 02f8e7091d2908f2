#!/bin/sh
# The body of a steered test: tells the test suite that it runs, then does what it is told, line by line.
#   print TEXT   writes TEXT to the step's log        run COMMAND   runs COMMAND with sh
#   exit CODE    ends with CODE
id="$MT_TEST_NAME${MT_ITEMPATH:+/$MT_ITEMPATH}"
fifo="$STEER_DIR/$$.$(date +%N).fifo"
mkfifo "$fifo"
# Opened for reading and writing, so that a line written early is kept.
exec 3<>"$fifo"
printf '%s\n' "started $id $$ $(hostname) $fifo" > "$STEER_DIR/hello"
while read -r verb rest <&3; do
  case $verb in
  print) printf '%s\n' "$rest" ;;
  run) sh -c "$rest" ;;
  exit)
    rm -f "$fifo"
    printf '%s\n' "ended $id $$" > "$STEER_DIR/hello"
    exit "$rest"
    ;;
  esac
done

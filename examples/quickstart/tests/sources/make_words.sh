#!/bin/sh
# Writes $WORDS lines of text, the same ones every time.
awk -v n="$WORDS" 'BEGIN {
  split("alpha beta gamma delta epsilon zeta eta theta iota kappa", w, " ")
  for (i = 1; i <= n; i++) print w[i % 10 + 1], w[(i * 7) % 10 + 1], i
}' > words.txt
echo "wrote $(wc -l < words.txt) lines"

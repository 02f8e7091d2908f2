/** The `mtutil` command: says what it will do, so that a script that calls it early learns why nothing happened. */
process.stderr.write(
  'mtutil: packets, rules and dispatch are not part of this version; use "megatest run" and "megatest rerun" instead\n',
);
process.exitCode = 1;

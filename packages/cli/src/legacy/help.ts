/** The help of the old style: every option, grouped (spec cli.md 8.1). */
import {PROGRAM_VERSION} from '@megatest/rpc';

export function legacyHelp(commandLine: string): string {
  return `megatest ${PROGRAM_VERSION}: manages suites of tests and flows across many hosts

Usage: megatest COMMAND ...     the new style; see "megatest run --help" and the manual in docs/
       megatest [options]       the old style, as below

Running tests
  -run, -runall               run the tests that -testpatt selects      (-target and -runname are needed)
  -run-wait                   wait until nothing of the run is running; alone: wait for existing runs
  -rerun-clean, -rerun-all    reset what failed, or everything, then run
  -rerun S1,S2                also run completed tests with one of these statuses
  -preclean                   empty the directory of a test before it is launched
  -force                      run whatever state a test is in
  -setvars V1=a,V2=b          variables for the tests

Selecting
  -target k1/k2, -reqtarg k1/k2, -runname NAME, -testpatt PATT, --modepatt KEY, -tagexpr TAGS
  -state S1,S2, -status S1,S2

Changing and removing
  -remove-runs                remove tests and what they left on disk   (-target, -runname and -testpatt are needed)
  -set-state-status S,X       set state and status of tests
  -set-run-status S, -get-run-status, -lock, -unlock

Looking
  -list-runs PATT             runs and tests; -fields, -sort, -since, -dumpmode json|sexpr
  -list-targets, -list-db-targets, -list-disks, -show-keys
  -show-config, -show-runconfig [-section S -var V] [-dumpmode ini|json|sexp]
  -test-paths, -test-files GLOB

Inside a test
  -step NAME :state S :status X, -test-status :state S :status X, -set-values, -load-test-data, -setlog FILE
  -set-toplog FILE, -runstep NAME [-logpro FILE] command, -m TEXT, -env2file BASE, -show-cmdinfo

Servers
  -server -, -list-servers, -kill-servers, -ping HOST:PORT

Scripts
  -load FILE                  run a script in Scheme
  -repl                       forms from standard input; also every call with MT_RUNSCRIPT set

General
  -h, -version, -start-dir DIR, -config FILE, -append-config FILE, -log FILE, -debug LEVELS, -v, -q

Called as ${commandLine}
`;
}

/** What the job queue can do (spec mtutil.md 14, 15.2, 15.4): one table for the daemon, the managers, the command line and the manual. */

/** `driver`: as a submitted run; `daemon`: a change of rows; `manager`: a command that a manager of the owner runs. */
export type JobPerformer = 'driver' | 'daemon' | 'manager';

type JobActionFacts = {
  readonly by: JobPerformer;
  /** Done again when the manager that had it is lost: doing it twice does no harm. */
  readonly isRepeatable: boolean;
  /** What it must name. */
  readonly needs: 'run' | 'runs' | 'nothing';
  readonly doc: string;
};

export const JOB_ACTIONS = {
  run: {by: 'driver', isRepeatable: false, needs: 'run', doc: 'runs tests'},
  rerun: {
    by: 'driver',
    isRepeatable: false,
    needs: 'run',
    doc: 'runs again what has one of the statuses of `--rerun`; without them as rerun-clean',
  },
  'rerun-clean': {by: 'driver', isRepeatable: false, needs: 'run', doc: 'repeats what is not good'},
  'rerun-all': {by: 'driver', isRepeatable: false, needs: 'run', doc: 'repeats everything'},
  'rerun-failed': {by: 'driver', isRepeatable: false, needs: 'run', doc: 'repeats what failed'},
  'rerun-step': {
    by: 'driver',
    isRepeatable: false,
    needs: 'run',
    doc: 'repeats tests from the step of `--from-step` on',
  },
  remove: {by: 'manager', isRepeatable: true, needs: 'runs', doc: 'removes tests of runs'},
  kill: {by: 'daemon', isRepeatable: true, needs: 'runs', doc: 'stops launching and ends running tests'},
  'set-ss': {by: 'daemon', isRepeatable: true, needs: 'runs', doc: 'sets states and statuses to `--new`'},
  archive: {by: 'manager', isRepeatable: false, needs: 'runs', doc: 'archives or restores runs'},
  lock: {by: 'daemon', isRepeatable: true, needs: 'runs', doc: 'protects runs from removal and resets'},
  unlock: {by: 'daemon', isRepeatable: true, needs: 'runs', doc: 'lifts that protection'},
  'set-run-status': {
    by: 'daemon',
    isRepeatable: true,
    needs: 'runs',
    doc: 'sets the status of runs to `--new`',
  },
  'update-meta': {
    by: 'manager',
    isRepeatable: true,
    needs: 'nothing',
    doc: 'reads `[test_meta]` of all tests again',
  },
  'mark-incomplete': {
    by: 'daemon',
    isRepeatable: true,
    needs: 'nothing',
    doc: 'marks tests that died without a word, in these runs or in all',
  },
  html: {by: 'manager', isRepeatable: true, needs: 'nothing', doc: 'writes the static pages'},
  sync: {by: 'manager', isRepeatable: true, needs: 'nothing', doc: 'writes to the database of `--sync-to`'},
  command: {
    by: 'manager',
    isRepeatable: false,
    needs: 'nothing',
    doc: 'runs the text of `--command` by /bin/sh',
  },
} as const satisfies Readonly<Record<string, JobActionFacts>>;

export type JobAction = keyof typeof JOB_ACTIONS;

export const JOB_ACTION_NAMES = Object.keys(JOB_ACTIONS) as readonly JobAction[] as readonly [
  JobAction,
  ...JobAction[],
];

export function jobAction(name: string): JobActionFacts {
  const facts = (JOB_ACTIONS as Readonly<Record<string, JobActionFacts>>)[name];
  if (facts === undefined) {
    throw new Error(`no job does "${name}"`);
  }
  return facts;
}

export const JOB_STATES = [
  'queued',
  'waiting',
  'claimed',
  'running',
  'done',
  'failed',
  'killed',
  'cancelled',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Nothing happens to it any more, unless somebody retries it. */
export function isEndedJob(state: JobState): boolean {
  return state === 'done' || state === 'failed' || state === 'killed' || state === 'cancelled';
}

/** How a job ends whose driver or command ended with this code. */
export function endOfJob(exitCode: number): 'done' | 'killed' | 'failed' {
  return exitCode === 0 ? 'done' : exitCode === 130 ? 'killed' : 'failed';
}

import {JOB_ACTION_NAMES, JOB_ACTIONS} from '@megatest/model';
import {expect, it} from 'vitest';
import type {Held} from './job-conflicts.ts';
import {decideJob, type JobSurroundings, mayRepeat} from './job-decision.ts';

const free: JobSurroundings = {nowS: 1000, conflict: undefined, hasManager: true, hasRoom: true};
const archive: Held = {kind: 'job', id: 7, action: 'archive', target: 'x', runName: 'r', isActive: true};
const job = (action: string, notBefore = 0) => ({action, owner: 'joe', notBefore});

it('a job with nothing in its way begins', () => {
  expect(JOB_ACTION_NAMES.map((action) => decideJob(job(action), free).kind)).toEqual(
    JOB_ACTION_NAMES.map(() => 'begin'),
  );
});

it.each<[string, ReturnType<typeof job>, Partial<JobSurroundings>, string | undefined, string]>([
  ['before its time', job('run', 1001), {}, 'waits until 1970-01-01T00:16:41.000Z', 'waiting'],
  ['at its time', job('run', 1000), {}, undefined, 'begin'],
  ['a conflict', job('archive'), {conflict: archive}, 'waits for job 7 (archive)', 'waiting'],
  ['a run without a manager', job('run'), {hasManager: false}, 'waits for a manager of joe', 'waiting'],
  [
    'a command without a manager',
    job('command'),
    {hasManager: false},
    'waits for a manager of joe',
    'waiting',
  ],
  ['a change of rows needs no manager', job('set-ss'), {hasManager: false}, undefined, 'begin'],
  ['a command when all are taken', job('command'), {hasRoom: false}, undefined, 'queued'],
  ['a run takes no place of a command', job('run'), {hasRoom: false}, undefined, 'begin'],
  ['to kill takes no place of a command', job('kill'), {hasRoom: false}, undefined, 'begin'],
])('%s', (_, row, around, message, kind) => {
  const decision = decideJob(row, {...free, ...around});
  expect([decision.kind, 'message' in decision ? decision.message : undefined]).toEqual([kind, message]);
});

it('what does no harm twice is done again when its manager is lost, up to its limit', () => {
  const repeated = JOB_ACTION_NAMES.filter((action) => mayRepeat({action, attempts: 1, maxAttempts: 3}));
  expect(repeated).toEqual(JOB_ACTION_NAMES.filter((action) => JOB_ACTIONS[action].isRepeatable));
  expect(repeated).not.toContain('command');
  expect(repeated).not.toContain('archive');
  expect(mayRepeat({action: 'html', attempts: 3, maxAttempts: 3})).toBe(false);
});

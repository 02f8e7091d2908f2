import type {JobRow} from '@megatest/store';
import {expect, it} from 'vitest';
import {checkJob, type JobRequest, submissionOf, toJob} from './job-request.ts';

const keys = ['OS', 'REL'];
const run = {target: 'linux/v1', runName: 'r', testPatt: '', params: {}};
const check = (request: Partial<JobRequest> & Pick<JobRequest, 'action'>) =>
  checkJob({...run, ...request}, keys);

it.each<[Partial<JobRequest> & Pick<JobRequest, 'action'>, string]>([
  [{action: 'run', runName: ''}, 'a job "run" needs a target and a run name'],
  [{action: 'kill', target: ''}, 'a job "kill" needs a target and a run name'],
  [{action: 'remove', target: 'linux'}, 'Invalid target, "linux" should be: OS/REL'],
  [{action: 'set-ss'}, 'a job "set-ss" needs the new STATE/STATUS'],
  [{action: 'set-ss', params: {new: 'PASS'}}, '"PASS" is no STATE/STATUS, such as COMPLETED/PASS'],
  [{action: 'set-run-status'}, 'a job "set-run-status" needs the new status'],
  [{action: 'command', target: '', runName: ''}, 'a job "command" needs the text of the command'],
  [{action: 'sync'}, 'a job "sync" needs the name of the database to write to'],
  [{action: 'rerun-step'}, 'a job "rerun-step" needs the step to begin with'],
  [{action: 'rerun-step', params: {fromStep: 's'}}, 'a job "rerun-step" needs the names of the tests'],
])('%j is refused', (request, message) => {
  expect(() => check(request)).toThrow(message);
});

it.each<Partial<JobRequest> & Pick<JobRequest, 'action'>>([
  {action: 'run'},
  {action: 'lock', target: '%/v1', runName: '%'},
  {action: 'html', target: '', runName: ''},
  {action: 'mark-incomplete', target: '', runName: ''},
  {action: 'set-ss', params: {new: '/PASS'}},
  {action: 'set-ss', params: {new: 'NOT_STARTED/n/a'}},
  {action: 'command', target: '', runName: '', params: {commands: [['-run']]}},
])('%j is accepted', (request) => {
  expect(() => check(request)).not.toThrow();
});

const row: JobRow = {
  id: 3,
  uuid: 'u-1',
  parentUuid: '',
  action: 'run',
  state: 'claimed',
  owner: 'joe',
  source: 'cli',
  host: 'h',
  target: 'linux/v1',
  runName: 'r',
  testPatt: '',
  runId: null,
  testId: null,
  params: '{}',
  priority: 0,
  notBefore: 0,
  lockKey: 'linux/v1/r',
  claimedBy: 'joe@h',
  claimToken: 'secret',
  leaseUntil: 9,
  attempts: 1,
  maxAttempts: 1,
  exitCode: null,
  message: '',
  logPath: 'logs/job-3.log',
  creationTime: 1,
  startTime: 0,
  endTime: 0,
};
const at = {host: 'h', user: 'joe'};

it('a job that is a run is submitted under its own uuid, each retry under another', () => {
  expect(submissionOf(row, at)).toMatchObject({
    uuid: 'u-1',
    action: 'run',
    owner: 'joe',
    jobId: 3,
    manager: at,
  });
  expect(submissionOf({...row, attempts: 2}, at).uuid).toBe('u-1-2');
  expect(submissionOf(row, at).options).toMatchObject({runWait: true, testPatt: undefined});
  const params = JSON.stringify({rerun: ['FAIL'], vars: 'A=1', runWait: false});
  expect(submissionOf({...row, action: 'rerun', params}, at)).toMatchObject({
    action: 'run',
    options: {rerun: ['FAIL'], setVars: 'A=1', runWait: false},
  });
  expect(submissionOf({...row, action: 'rerun'}, at).action).toBe('rerun-clean');
  expect(submissionOf({...row, action: 'rerun-all'}, at).action).toBe('rerun-all');
});

it('nobody is shown the token of a claim', () => {
  expect(JSON.stringify(toJob(row))).not.toContain('secret');
});

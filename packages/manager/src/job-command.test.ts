import type {ManagerJob} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {jobCommand} from './job-command.ts';

const command = (job: Partial<ManagerJob>) =>
  jobCommand(
    {id: 1, uuid: 'u', action: 'command', target: '', runName: '', testPatt: '', params: {}, ...job},
    '/my area',
    '/bin/megatest',
  );
const run = {target: 'x/y', runName: 'r%'};

it.each<[Partial<ManagerJob>, string]>([
  [{params: {command: "echo it's $HOME"}}, "/bin/sh -c 'echo it'\\''s $HOME'"],
  [{action: 'remove', ...run}, "/bin/megatest -remove-runs -target x/y -runname 'r%' -testpatt '%'"],
  [
    {action: 'remove', ...run, testPatt: 'a/b', params: {state: 'COMPLETED', status: 'FAIL,CHECK'}},
    "/bin/megatest -remove-runs -target x/y -runname 'r%' -testpatt a/b -state COMPLETED -status 'FAIL,CHECK'",
  ],
  [{action: 'archive', ...run}, "/bin/megatest -archive save-remove -target x/y -runname 'r%' -testpatt '%'"],
  [
    {action: 'archive', ...run, params: {archive: 'restore'}},
    "/bin/megatest -archive restore -target x/y -runname 'r%' -testpatt '%'",
  ],
  [{action: 'html'}, '/bin/megatest -generate-html'],
  [{action: 'sync', params: {syncTo: 'central'}}, '/bin/megatest -sync-to central'],
  [{action: 'update-meta'}, '/bin/megatest -update-meta'],
])('%j', (job, words) => {
  expect(command(job)).toBe(`cd '/my area' && exec ${words}`);
});

it('of several commands each is run when the one before has ended with 0', () => {
  expect(command({params: {commands: [['-remove-runs', '-runname', 'r%'], ['-run']]}})).toBe(
    "cd '/my area' && /bin/megatest -remove-runs -runname 'r%' && exec /bin/megatest -run",
  );
});

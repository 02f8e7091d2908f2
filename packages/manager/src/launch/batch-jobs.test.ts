import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {BatchJobs} from './batch-jobs.ts';

/** A batch system of two files: what is queued and runs, and what was cancelled. */
const module = (folder: string) => `
export default {
  name: 'Files',
  submitCommand: () => 'false',
  submittedId: () => undefined,
  statusCommand: () => 'cat ${folder}/queue',
  statuses: ({stdout}) => new Map(stdout.trim().split('\\n').map((line) => {
    const [id, kind] = line.split(' ');
    return [id, {kind}];
  })),
  cancelCommand: (id) => 'echo ' + id + ' >> ${folder}/cancelled',
};
`;

describe('the jobs of tests that have ended', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'jobs-'));
    writeFileSync(join(folder, 'system.mjs'), module(folder));
    writeFileSync(join(folder, 'cancelled'), '');
  });
  afterEach(() => rmSync(folder, {recursive: true}));

  it('are cancelled where they wait in the queue once more, and forgotten', async () => {
    const forgotten: string[] = [];
    const jobs = new BatchJobs({
      report: () => {},
      look: async (testId) => ({
        state: testId === 3 ? 'RUNNING' : 'COMPLETED',
        comment: '',
        isClaimed: true,
      }),
      end: async () => {},
      onEnded: ({jobId}) => forgotten.push(jobId),
      renewPilot: async () => undefined,
      onMoved: () => {},
      log: () => {},
      env: {PATH: process.env.PATH ?? ''},
    });
    for (const testId of [1, 2, 3]) {
      const system = join(folder, 'system.mjs');
      jobs.follow({testId, launchId: `launch-${testId}`, system, jobId: `job-${testId}`});
    }
    writeFileSync(join(folder, 'queue'), 'job-1 queued\njob-2 running\njob-3 queued\n');
    await jobs.dropEnded();
    expect(readFileSync(join(folder, 'cancelled'), 'utf8')).toBe('job-1\n');
    expect(forgotten).toEqual(['job-1', 'job-2']);
    expect(jobs.size).toBe(1);
  });
});

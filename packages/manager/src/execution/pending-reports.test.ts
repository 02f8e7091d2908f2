import {existsSync, mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ReportEntry} from '@megatest/rpc';
import {expect, it} from 'vitest';
import {deliverPending, keepPending} from './pending-reports.ts';

const entry = (state: string): ReportEntry => ({type: 'state', testId: 1, launchId: 'l', state});

it('what is kept is handed over in order, again if that broke off, and then is gone', async () => {
  const rundir = mkdtempSync(join(tmpdir(), 'pending-'));
  try {
    mkdirSync(join(rundir, '.mt'));
    keepPending(rundir, [entry('A'), entry('B')]);
    const got: ReportEntry[] = [];
    await expect(
      deliverPending(rundir, async (next) => {
        got.push(next);
        throw new Error('the manager died');
      }),
    ).rejects.toThrow('the manager died');
    keepPending(rundir, [entry('C')]);
    await deliverPending(rundir, async (next) => {
      got.push(next);
    });
    expect(got).toEqual(['A', 'A', 'B', 'C'].map(entry));
    await deliverPending(rundir, async () => {
      throw new Error('there is nothing left');
    });
    expect(existsSync(join(rundir, '.mt/pending.jsonl.taken'))).toBe(false);
  } finally {
    rmSync(rundir, {recursive: true});
  }
});

/**
 * `.mt/pending.jsonl` of a run directory: what helper calls could tell neither a manager nor the daemon. It is delivered when the
 * test ends (spec execution.md 5.1, 22.3).
 */
import {appendFileSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {type ReportEntry, reportEntry} from '@megatest/rpc';

function pendingFile(rundir: string): string {
  return join(rundir, '.mt/pending.jsonl');
}

export function keepPending(rundir: string, entries: readonly ReportEntry[]): void {
  appendFileSync(pendingFile(rundir), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), {
    mode: 0o600,
  });
}

/** What is there, which is then there no more. */
export function takePending(rundir: string): readonly ReportEntry[] {
  let text: string;
  try {
    text = readFileSync(pendingFile(rundir), 'utf8');
  } catch {
    return [];
  }
  rmSync(pendingFile(rundir), {force: true});
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [reportEntry.parse(JSON.parse(line))];
    } catch {
      // The line of a call that was killed while it wrote.
      return [];
    }
  });
}

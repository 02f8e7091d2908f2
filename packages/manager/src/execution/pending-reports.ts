/**
 * `.mt/pending.jsonl` of a run directory: what helper calls could tell neither a manager nor the daemon. It is delivered when the
 * test ends (spec execution.md 5.1, 22.3).
 */
import {appendFileSync, existsSync, readFileSync, renameSync, rmSync} from 'node:fs';
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

/** Hands over what is there, which is there no more once all of it is written down elsewhere: a manager may die in between. */
export async function deliverPending(
  rundir: string,
  deliver: (entry: ReportEntry) => Promise<void>,
): Promise<void> {
  const file = pendingFile(rundir);
  const taken = `${file}.taken`;
  while (existsSync(taken) || existsSync(file)) {
    // A call that comes now writes to a new file.
    if (!existsSync(taken)) {
      renameSync(file, taken);
    }
    for (const entry of readEntries(taken)) {
      await deliver(entry);
    }
    rmSync(taken);
  }
}

function readEntries(file: string): readonly ReportEntry[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        return line === '' ? [] : [reportEntry.parse(JSON.parse(line))];
      } catch {
        // The line of a call that was killed while it wrote.
        return [];
      }
    });
}

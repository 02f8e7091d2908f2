/** After a run: counts, and for each failed test why (the line of its log that decided), where its log is, and how to rerun it. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {formatDuration, hasFailed, isGood, label} from '@megatest/model';
import type {StateCount, TestRow} from '@megatest/store';
import type {Style} from './style.ts';
import {readWhy} from './why-file.ts';

export type SummaryInput = {
  readonly target: string;
  readonly runName: string;
  readonly counts: readonly StateCount[];
  /** Instances and plain tests that failed; parent rows are left out. */
  readonly failed: readonly TestRow[];
  readonly elapsedS: number;
};

/** So many failures are told in full; the rest is counted. */
const mostFailures = 20;
const mostLines = 3;

/** The worst first: what failed by itself before what was blocked by it. */
const order = ['ABORT', 'FAIL', 'DEAD', 'KILLED', 'CHECK'];

export function failedFirst(rows: readonly TestRow[]): readonly TestRow[] {
  const rank = (row: TestRow) => {
    const at = order.indexOf(label(row.state, row.status));
    return at < 0 ? order.length : at;
  };
  return rows
    .filter((row) => hasFailed(row.state, row.status))
    .sort((a, b) => rank(a) - rank(b) || a.id - b.id);
}

export function printSummary(input: SummaryInput, style: Style): string {
  const {target, runName, counts, failed, elapsedS} = input;
  const words = counts.map(({state, status, count}) => `${count} ${style.verdict(state, status)}`);
  const total = counts.reduce((sum, {count}) => sum + count, 0);
  const good = counts
    .filter(({state, status}) => isGood(state, status))
    .reduce((sum, {count}) => sum + count, 0);
  const lines = [''];
  for (const row of failed.slice(0, mostFailures)) {
    lines.push(...failure(row, target, runName, style), '');
  }
  if (failed.length > mostFailures) {
    lines.push(
      `... and ${failed.length - mostFailures} more; all of them: megatest tests ${runName} -t ${target} --failed`,
      '',
    );
  }
  const verdict =
    failed.length > 0
      ? style.paint('red', `${failed.length} of ${total} failed`)
      : `${good} of ${total} good`;
  lines.push(`${style.paint('bold', verdict)} in ${formatDuration(elapsedS)}: ${words.join(', ')}`);
  if (failed.length > 0) {
    lines.push(`Rerun what failed: megatest rerun failed -t ${target} -n ${runName}`);
  }
  return `${lines.join('\n')}\n`;
}

function failure(row: TestRow, target: string, runName: string, style: Style): readonly string[] {
  const name = row.itemPath === '' ? row.testName : `${row.testName}/${row.itemPath}`;
  const why = readWhy(row.rundir);
  const head = `${style.verdict(row.state, row.status)} ${style.paint('bold', name)} #${row.id}`;
  if (row.state === 'NOT_STARTED') {
    return [head, `  why    ${row.comment}; ask: megatest why ${name} -t ${target} -n ${runName}`];
  }
  const lines = [head, `  why    ${row.comment === '' ? label(row.state, row.status) : row.comment}`];
  if (why !== undefined) {
    const log = join(row.rundir, why.log);
    const [first] = why.lines;
    lines[1] = `  why    step ${why.step} ended with ${why.exit}${first === undefined ? '' : `: ${first.rule}`}`;
    for (const {line, text} of why.lines.slice(0, mostLines)) {
      lines.push(`         line ${line}: ${text.trimEnd()}`);
    }
    lines.push(`  log    ${log}${first === undefined ? '' : `:${first.line}`}  (on ${row.host})`);
  } else {
    // A test that was killed in the middle of a step has no final log; its directory tells how far it came.
    const log = join(row.rundir, row.finalLogf);
    lines.push(`  log    ${existsSync(log) ? log : row.rundir}  (on ${row.host})`);
  }
  lines.push(`  rerun  megatest rerun failed -t ${target} -n ${runName} -p ${name}`);
  return lines;
}

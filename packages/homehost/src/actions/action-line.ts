/** One line of `logs/dashboard-actions.log` (spec dashboard.md B10). */
import type {JobRow} from '@megatest/store';
import {paramsOf} from '../job-request.ts';

/** Time of the end, user, address, role, command, and exit code (or the state of a job that has none), with tabs between them. */
export function actionLine(job: JobRow, end: number | string, nowS: number): string {
  const {commandLine = job.action, address = '-'} = paramsOf(job);
  const columns = [
    new Date(nowS * 1000).toISOString(),
    job.owner,
    address,
    'operator',
    commandLine,
    String(end),
  ];
  // A line is one action, whatever stands in a comment.
  return columns.map((column) => column.replaceAll(/\p{Cc}/gu, ' ')).join('\t');
}

/** `test-summary.html` in the run directory: result, logs and steps on one page (spec execution.md 20.1). */
import {formatDuration} from '@megatest/model';
import {escapeText, statusColour} from './page-parts.ts';
import {type StepRecord, type StepView, stepViews} from './step-view.ts';

export type SummaryPage = {
  readonly runId: number;
  readonly testId: number;
  readonly testName: string;
  readonly itemPath: string;
  readonly state: string;
  readonly status: string;
  readonly finalLog: string;
  readonly startS: number;
  readonly durationS: number;
  readonly steps: readonly StepRecord[];
};

export function testSummaryHtml(page: SummaryPage): string {
  const {runId, testId, testName, itemPath, state, status, startS, durationS} = page;
  const name = escapeText(itemPath === '' ? testName : `${testName}/${itemPath}`);
  const log = escapeText(page.finalLog);
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Summary for ${name}</title></head><body>
<h1>Summary for ${name}</h1>
<table border="1">
<tr><th>run id</th><td>${runId}</td><th>test id</th><td>${testId}</td></tr>
<tr><th>testname</th><td>${escapeText(testName)}</td><th>itempath</th><td>${escapeText(itemPath)}</td></tr>
<tr><th>state</th><td>${escapeText(state)}</td><th>status</th><td><a href="${log}" style="color: ${statusColour(status)}">${escapeText(status)}</a></td></tr>
<tr><th>TestDate</th><td>${weekTime(startS)}</td><th>Duration</th><td>${formatDuration(durationS)}</td></tr>
</table>
<h2>Log files</h2>
<p><a href="${log}">Final log</a></p>
<table border="1">
<tr><th>Step Name</th><th>Start</th><th>End</th><th>Status</th><th>Duration</th><th>Log File</th></tr>
${stepViews(page.steps).map(row).join('')}</table>
</body></html>
`;
}

function row(step: StepView): string {
  const end = typeof step.end === 'number' ? clock(step.end) : (step.end ?? '');
  const cells = [
    step.name,
    step.startS === undefined ? '' : clock(step.startS),
    end,
    step.status,
    step.duration,
  ];
  const log = escapeText(step.logfile || `${step.name}.log`);
  return `<tr>${cells.map((cell) => `<td>${escapeText(cell)}</td>`).join('')}<td><a href="${log}">${log}</a></td></tr>\n`;
}

function clock(seconds: number): string {
  return new Date(seconds * 1000).toTimeString().slice(0, 8);
}

const dayMs = 86_400_000;

/** `ww21.3 14:05`: ISO week and day (Monday = 1) of the local time. */
export function weekTime(seconds: number): string {
  const time = new Date(seconds * 1000);
  const weekday = time.getDay() === 0 ? 7 : time.getDay();
  const day = Date.UTC(time.getFullYear(), time.getMonth(), time.getDate());
  // The week belongs to the year of its Thursday.
  const thursday = day + (4 - weekday) * dayMs;
  const firstDay = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1);
  const week = 1 + Math.floor((thursday - firstDay) / dayMs / 7);
  return `ww${String(week).padStart(2, '0')}.${weekday} ${time.toTimeString().slice(0, 5)}`;
}

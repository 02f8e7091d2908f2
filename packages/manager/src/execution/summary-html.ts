/** `test-summary.html` in the run directory: result, logs and steps on one page (spec cli.md 16.2). */
import {formatDuration} from '@megatest/model';

export type SummaryStep = {
  readonly stepName: string;
  readonly state: string;
  readonly status: string;
  readonly eventTime: number;
  readonly logfile: string;
};

export type SummaryPage = {
  readonly runId: number;
  readonly testId: number;
  readonly testName: string;
  readonly itemPath: string;
  readonly state: string;
  readonly status: string;
  readonly startS: number;
  readonly durationS: number;
  readonly steps: readonly SummaryStep[];
};

const colours: Readonly<Record<string, string>> = {
  PASS: 'green',
  FAIL: 'red',
  WARN: 'orange',
  KILLED: 'orange',
  ABORT: 'brown',
};

export function testSummaryHtml(page: SummaryPage): string {
  const {runId, testId, testName, itemPath, state, status, startS, durationS} = page;
  const colour = colours[status] ?? 'black';
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>${escapeText(testName)} ${escapeText(itemPath)}</title></head><body>
<table border="1">
<tr><th>run id</th><td>${runId}</td><th>test id</th><td>${testId}</td></tr>
<tr><th>testname</th><td>${escapeText(testName)}</td><th>itempath</th><td>${escapeText(itemPath)}</td></tr>
<tr><th>state</th><td>${escapeText(state)}</td><th>status</th><td style="color: ${colour}">${escapeText(status)}</td></tr>
<tr><th>TestDate</th><td>${new Date(startS * 1000).toISOString()}</td><th>Duration</th><td>${formatDuration(durationS)}</td></tr>
</table>
<table border="1">
<tr><th>Step Name</th><th>Start</th><th>End</th><th>Status</th><th>Duration</th><th>Log File</th></tr>
${merged(page.steps).map(row).join('')}</table>
</body></html>
`;
}

type Merged = {
  readonly name: string;
  startS: number | undefined;
  endS: number | undefined;
  status: string;
  logfile: string;
};

function merged(steps: readonly SummaryStep[]): readonly Merged[] {
  const rows = new Map<string, Merged>();
  for (const step of steps) {
    const entry = rows.get(step.stepName) ?? {
      name: step.stepName,
      startS: undefined,
      endS: undefined,
      status: '',
      logfile: step.logfile,
    };
    rows.set(step.stepName, entry);
    if (step.state === 'start') {
      entry.startS = step.eventTime;
    } else {
      entry.endS = step.eventTime;
      entry.status = step.status;
      entry.logfile = step.logfile;
    }
  }
  return [...rows.values()];
}

function row(step: Merged): string {
  const time = (seconds: number | undefined) =>
    seconds === undefined ? '' : new Date(seconds * 1000).toTimeString().slice(0, 8);
  const duration =
    step.startS === undefined || step.endS === undefined ? '' : formatDuration(step.endS - step.startS);
  const log = escapeText(step.logfile);
  return `<tr><td>${escapeText(step.name)}</td><td>${time(step.startS)}</td><td>${time(step.endS)}</td><td>${escapeText(step.status)}</td><td>${duration}</td><td><a href="${log}">${log}</a></td></tr>\n`;
}

function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Writes `test-summary.html` of a test that has ended. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type CommandInfo, itemPathOf} from './cmdinfo.ts';
import type {StepRecord} from './step-view.ts';
import {testSummaryHtml} from './summary-html.ts';
import type {TestRecords} from './test-records.ts';

export type EndedTest = {
  readonly info: CommandInfo;
  readonly records: TestRecords;
  readonly steps: readonly StepRecord[];
  readonly startS: number;
  readonly durationS: number;
};

/** A page that cannot be written is said, and nothing more: the test has ended all the same. */
export function writeSummaryPage(test: EndedTest, log: (text: string) => void): void {
  const {info, records, steps, startS, durationS} = test;
  const rundir = info['work-area'];
  const html = testSummaryHtml({
    runId: info['run-id'],
    testId: info['test-id'],
    testName: info['test-name'],
    itemPath: itemPathOf(info),
    ...records.written,
    finalLog: records.finalLog,
    startS,
    durationS,
    steps,
  });
  try {
    writeFileSync(join(rundir, 'test-summary.html'), html);
  } catch (error) {
    log(
      `ERROR: cannot write test-summary.html to ${rundir}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

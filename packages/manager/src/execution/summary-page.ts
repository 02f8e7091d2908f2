/** Writes `test-summary.html` of a test that has ended. */
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type SummaryPage, testSummaryHtml} from './summary-html.ts';

/** A page that cannot be written is said, and nothing more: the test has ended all the same. */
export function writeSummaryPage(rundir: string, page: SummaryPage, log: (text: string) => void): void {
  try {
    writeFileSync(join(rundir, 'test-summary.html'), testSummaryHtml(page));
  } catch (error) {
    log(
      `ERROR: cannot write test-summary.html to ${rundir}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/**
 * What a user sees while a run goes on: a header, a line for each result, and on a terminal one line that is kept up to date.
 */
import {formatDuration} from '@megatest/model';
import type {DaemonNotifications} from '@megatest/rpc';
import {type Style, shownWidth} from './style.ts';

export type RunHeader = {
  readonly version: string;
  readonly areaName: string;
  readonly areaPath: string;
  readonly target: string;
  readonly runName: string;
  readonly homehost: string;
  readonly runDirectory: string;
};

export class RunView {
  readonly #style: Style;
  readonly #isTerminal: boolean;
  readonly #write: (text: string) => void;
  readonly #startMs = performance.now();
  #progress: DaemonNotifications['driver.progress'] | undefined;
  #timer: NodeJS.Timeout | undefined;
  #hasLine = false;
  #doneAtStart: number | undefined;

  constructor(style: Style, isTerminal: boolean, write: (text: string) => void) {
    this.#style = style;
    this.#isTerminal = isTerminal;
    this.#write = write;
  }

  header(header: RunHeader): void {
    const {version, areaName, areaPath, target, runName, homehost, runDirectory} = header;
    this.#write(
      [
        this.#style.paint('bold', `megatest ${version}`),
        `  area      ${areaName} (${areaPath})`,
        `  run       ${target} ${runName}`,
        `  homehost  ${homehost}`,
        `  results   ${runDirectory}`,
        '',
      ].join('\n'),
    );
    if (this.#isTerminal) {
      // For the clock in the line alone.
      this.#timer = setInterval(() => this.#drawLine(), 1000);
      this.#timer.unref();
    }
  }

  progress(progress: DaemonNotifications['driver.progress']): void {
    this.#progress = progress;
    this.#doneAtStart ??= progress.done;
    this.#drawLine();
  }

  result(result: DaemonNotifications['driver.result']): void {
    const {testName, itemPath, state, status, runDuration, comment, testId, done, total} = result;
    const count = `(${String(done).padStart(String(total).length)}/${total})`;
    const name = itemPath === '' ? testName : `${testName}/${itemPath}`;
    const verdict = this.#style.verdict(state, status);
    const padding = ' '.repeat(Math.max(0, 9 - shownWidth(verdict)));
    const note = comment === '' || status === 'PASS' ? '' : `  ${comment}`;
    this.#clearLine();
    this.#write(
      `${count} ${verdict}${padding} ${formatDuration(runDuration).padStart(6)}  ${name}  ${this.#style.paint('dim', `#${testId}`)}${note}\n`,
    );
    this.#drawLine();
  }

  note(text: string): void {
    this.#clearLine();
    this.#write(`${text}\n`);
    this.#drawLine();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#clearLine();
  }

  get elapsedS(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  #drawLine(): void {
    if (!this.#isTerminal || this.#progress === undefined) {
      return;
    }
    const {total, done, running, failed} = this.#progress;
    const left = Math.max(0, total - done - running);
    const percent = total === 0 ? 0 : Math.floor((done * 100) / total);
    const fails = failed > 0 ? this.#style.paint('red', `${failed} failed`) : '0 failed';
    const line = `${percent}%  ${done} done, ${running} running, ${fails}, ${left} left  ${formatDuration(this.elapsedS)}${this.#estimate(total, done)}`;
    this.#write(`\r\u001b[K${line}`);
    this.#hasLine = true;
  }

  /** From the rate of this run so far; nothing before there is one. */
  #estimate(total: number, done: number): string {
    const made = done - (this.#doneAtStart ?? 0);
    if (made <= 0 || done >= total) {
      return '';
    }
    return `, about ${formatDuration((this.elapsedS / made) * (total - done))} left`;
  }

  #clearLine(): void {
    if (this.#hasLine) {
      this.#write('\r\u001b[K');
      this.#hasLine = false;
    }
  }
}

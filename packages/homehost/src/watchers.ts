/** Who watches which driver, and what they are told: its output, its results, how far it is, its end (spec homehost.md 9.11). */
import type {Connected} from '@megatest/rpc';
import type {TestCore} from '@megatest/store';
import type {Driver} from './driver.ts';
import type {OutputEntry} from './driver-output.ts';

/** Progress is told at most this often. */
const progressPauseMs = 250;

/** `wantsResults`: also how each test ends and how far the run is, which many commands show to nobody. */
export type Wish = {readonly fromSeq: number; readonly wantsResults: boolean};

export class Watchers {
  readonly #byDriver = new Map<number, Map<Connected, Wish>>();
  readonly #progressTimers = new Map<number, NodeJS.Timeout>();

  /** Sends what a driver has said so far, and from now on what it says. */
  add(driver: Driver, connection: Connected, wish: Wish): void {
    for (const entry of driver.output(wish.fromSeq)) {
      connection.notify('driver.output', {driverId: driver.id, ...entry});
    }
    if (driver.stage === 'ended') {
      connection.notify('driver.ended', {driverId: driver.id, exitCode: driver.exitCode ?? 0});
      return;
    }
    if (wish.wantsResults) {
      connection.notify('driver.progress', {driverId: driver.id, ...driver.progress()});
    }
    const watchers = this.#byDriver.get(driver.id) ?? new Map<Connected, Wish>();
    this.#byDriver.set(driver.id, watchers.set(connection, wish));
    connection.onClose(() => watchers.delete(connection));
  }

  tellOutput(driver: Driver, entry: OutputEntry): void {
    this.#notify(driver, 'driver.output', entry);
  }

  /** `progress` is as it was when the result came: by the time it is told the run may be over. */
  tellResult(driver: Driver, row: TestCore, progress: {readonly done: number; readonly total: number}): void {
    const {id: testId, testName, itemPath, state, status, runDuration, host, comment} = row;
    const {done, total} = progress;
    const result = {testId, testName, itemPath, state, status, runDuration, host, comment, done, total};
    this.#notifyOfResults(driver, 'driver.result', result);
  }

  tellProgress(driver: Driver): void {
    if (!this.#byDriver.has(driver.id) || this.#progressTimers.has(driver.id)) {
      return;
    }
    const timer = setTimeout(() => {
      this.#progressTimers.delete(driver.id);
      if (driver.stage !== 'ended') {
        this.#notifyOfResults(driver, 'driver.progress', driver.progress());
      }
    }, progressPauseMs);
    timer.unref();
    this.#progressTimers.set(driver.id, timer);
  }

  tellEnd(driver: Driver, exitCode: number): void {
    this.#notify(driver, 'driver.ended', {exitCode});
    this.#byDriver.delete(driver.id);
  }

  #notify(driver: Driver, name: string, values: object): void {
    for (const connection of this.#byDriver.get(driver.id)?.keys() ?? []) {
      connection.notify(name, {driverId: driver.id, ...values});
    }
  }

  #notifyOfResults(driver: Driver, name: string, values: object): void {
    for (const [connection, {wantsResults}] of this.#byDriver.get(driver.id) ?? []) {
      if (wantsResults) {
        connection.notify(name, {driverId: driver.id, ...values});
      }
    }
  }
}

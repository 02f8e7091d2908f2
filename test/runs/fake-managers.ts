/** Managers that run launched tests in virtual time, get lost and come back, and report twice and out of order. */
import {isRunning, type StateStatus} from '@megatest/model';
import type {FakeRow, FakeStore} from './fake-store.ts';
import type {Random} from './random.ts';
import type {VirtualClock} from './virtual-clock.ts';

/** Chances, from 0 to 1, of what may happen to a launch. */
export type Accidents = {
  readonly fails: number;
  readonly losesManager: number;
  readonly isKilled: number;
  readonly comesTwice: number;
};

export type Launch = {readonly row: FakeRow; readonly launchId: string};

const goodStatuses = ['PASS', 'PASS', 'PASS', 'WARN', 'SKIP', 'CHECK', 'WAIVED'];
const badStatuses = ['FAIL', 'FAIL', 'ABORT', 'STUCK/DEAD'];
const maxRunS = 60;
const deadtimeS = 300;

export class FakeManagers {
  /** A result came after its test had been declared dead: what was decided in between may look wrong then. */
  hasLateResults = false;
  readonly #random: Random;
  readonly #clock: VirtualClock;
  readonly #store: FakeStore;
  readonly #accidents: Accidents;
  readonly #change: (row: FakeRow, values: StateStatus) => void;

  /** `change` writes a row and tells everybody. */
  constructor(
    random: Random,
    clock: VirtualClock,
    store: FakeStore,
    accidents: Accidents,
    change: (row: FakeRow, values: StateStatus) => void,
  ) {
    this.#random = random;
    this.#clock = clock;
    this.#store = store;
    this.#accidents = accidents;
    this.#change = change;
  }

  /** What a manager reports of one launch, and when it arrives. */
  execute(launch: Launch): void {
    const random = this.#random;
    const {fails, losesManager, isKilled, comesTwice} = this.#accidents;
    const durationS = 1 + random.below(maxRunS);
    const status = random.chance(fails) ? random.pick(badStatuses) : random.pick(goodStatuses);
    const reports: readonly StateStatus[] = [
      {state: 'REMOTEHOSTSTART', status: 'n/a'},
      {state: 'RUNNING', status: 'n/a'},
      {state: 'COMPLETED', status},
    ];
    if (random.chance(losesManager)) {
      this.#lose(launch, reports.at(-1) ?? {state: 'COMPLETED', status});
      return;
    }
    for (const [index, report] of reports.entries()) {
      // Reports overtake each other on the way: an older one that comes after a newer one is no news.
      const atS = index === 2 ? durationS : random.below(durationS);
      this.#clock.after(atS, () => this.#report(launch, index + 1, report));
      if (random.chance(comesTwice)) {
        this.#clock.after(atS + random.below(20), () => this.#report(launch, index + 1, report));
      }
    }
    if (random.chance(isKilled)) {
      this.#clock.after(random.below(durationS), () => this.#kill(launch));
    }
  }

  #report({row, launchId}: Launch, number: number, values: StateStatus): void {
    if (row.state === 'KILLREQ' && values.state !== 'KILLED') {
      return;
    }
    if (this.#store.takeReport(row.testId, launchId, number)) {
      this.#change(row, values);
    }
  }

  /** A manager that is lost: its journal comes when it is back, or never; meanwhile the test may be declared dead. */
  #lose(launch: Launch, result: StateStatus): void {
    const {row, launchId} = launch;
    const isBack = this.#random.chance(0.7);
    const backS = this.#random.below(2 * deadtimeS);
    this.#clock.after(deadtimeS, () => {
      if (row.launchId === launchId && isRunning(row.state)) {
        this.#change(row, {state: 'COMPLETED', status: 'DEAD'});
      }
    });
    if (isBack) {
      this.#clock.after(backS, () => {
        this.hasLateResults ||= !isRunning(row.state);
        this.#report(launch, 3, result);
      });
    }
  }

  #kill(launch: Launch): void {
    const {row, launchId} = launch;
    if (row.launchId !== launchId || !isRunning(row.state)) {
      return;
    }
    this.#change(row, {state: 'KILLREQ', status: 'n/a'});
    this.#clock.after(5, () => this.#report(launch, 4, {state: 'KILLED', status: 'KILLED'}));
  }
}

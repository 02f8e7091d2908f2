/** Steers one schedule by hand: the test says which launched instance ends how, and sees what is launched, blocked and said. */
import type {PlannedItem} from '@megatest/model';
import {
  type Action,
  RunSchedule,
  type ScheduleOptions,
} from '../../packages/homehost/src/scheduler/run-schedule.ts';
import {itemsOf, planOf, type WrittenArea} from './define-plan.ts';
import {type FakeRow, FakeStore} from './fake-store.ts';

export type RigOptions = Partial<ScheduleOptions> & {
  readonly testPatt?: string;
  /** Rows of earlier invocations, by full name: `{'lib/lay': 'COMPLETED/PASS'}`. */
  readonly rows?: Readonly<Record<string, string>>;
  readonly slots?: number;
  /** Full names of what the driver launched before the daemon was restarted, each with which retry that was. */
  readonly ownLaunches?: Readonly<Record<string, number>>;
  /** Kept from an earlier rig: the same run again. */
  readonly store?: FakeStore;
};

export class ScheduleRig {
  readonly schedule: RunSchedule;
  readonly store: FakeStore;
  /** Full names in the order of launching. */
  readonly launched: string[] = [];
  readonly messages: string[] = [];
  readonly retries: {readonly name: string; readonly delayS: number}[] = [];
  readonly #area: WrittenArea;
  readonly #slots: number;
  readonly #ownLaunches: Readonly<Record<string, number>>;
  readonly #running = new Set<FakeRow>();

  constructor(area: WrittenArea, options: RigOptions = {}) {
    this.#area = area;
    this.#slots = options.slots ?? Number.POSITIVE_INFINITY;
    this.#ownLaunches = options.ownLaunches ?? {};
    this.store = options.store ?? new FakeStore();
    const plan = planOf(area, options.testPatt);
    this.messages.push(...plan.messages.map(({text}) => text));
    for (const {testName} of plan.tests) {
      this.store.register(testName, '');
    }
    for (const [name, row] of Object.entries(options.rows ?? {})) {
      const {testName, itemPath} = parse(name);
      this.store.register(testName, '');
      this.store.setState(this.store.register(testName, itemPath).testId, value(row));
    }
    this.store.takeChanges();
    this.schedule = new RunSchedule(plan, {
      force: false,
      rerun: undefined,
      isRetry: false,
      isRunningAnywhere: () => false,
      ...options,
    });
    for (const row of this.store.rows) {
      if (row.itemPath === '') {
        this.schedule.parentRegistered(row.testName, row.testId, row);
      }
      this.schedule.rowChanged(row.testName, row.itemPath, row);
    }
    this.go();
  }

  /** Does what the schedule asks for and launches what may go, until nothing more happens. */
  go(): void {
    do {
      for (let actions = this.schedule.advance(); actions.length > 0; actions = this.schedule.advance()) {
        actions.forEach((action) => {
          this.#execute(action);
        });
      }
    } while (this.#launchNext());
  }

  #launchNext(): boolean {
    const next = this.#running.size < this.#slots ? this.schedule.takeReady(() => true) : undefined;
    if (next === undefined) {
      return false;
    }
    const {testName, itemPath} = next.instance;
    const row = this.store.register(testName, itemPath);
    this.launched.push(itemPath === '' ? testName : `${testName}/${itemPath}`);
    this.#running.add(row);
    this.#write(row, 'LAUNCHED/n/a');
    this.#tell();
    return true;
  }

  /** An instance, or any row, gets new values; then what follows from it happens. */
  set(name: string, row: string): void {
    const {testName, itemPath} = parse(name);
    const found = this.store.register(testName, itemPath);
    this.#write(found, row);
    if (value(row).state !== 'RUNNING') {
      this.#running.delete(found);
    }
    this.#tell();
    this.go();
  }

  /** Launched instances end like this, and what is launched then too, until nothing runs. */
  endAll(row = 'COMPLETED/PASS'): void {
    for (let running = [...this.#running]; running.length > 0; running = [...this.#running]) {
      for (const {testName, itemPath} of running) {
        this.set(`${testName}/${itemPath}`, row);
      }
    }
  }

  /** `STATE/STATUS` of a row. */
  row(name: string): string {
    const {testName, itemPath} = parse(name);
    const row = this.store.find(testName, itemPath);
    return row === undefined ? 'none' : `${row.state}/${row.status}`;
  }

  #execute(action: Action): void {
    switch (action.kind) {
      case 'message':
        this.messages.push(action.text);
        return;
      case 'block':
        this.#write(this.store.register(action.testName, action.itemPath), `NOT_STARTED/${action.status}`);
        this.#tell();
        return;
      case 'expand':
        this.schedule.expanded(action.testName, itemsOf(this.#area[action.testName]?.items));
        return;
      case 'register':
        this.#register(action.testName, action.items);
        return;
      case 'retry':
        this.retries.push({name: `${action.testName}/${action.itemPath}`, delayS: action.delayS});
    }
  }

  #register(testName: string, items: readonly PlannedItem[]): void {
    const rows = items.map(({itemPath}) => this.store.register(testName, itemPath));
    this.#tell();
    this.schedule.registered(
      testName,
      rows.map(({testId, itemPath, state, status}) => {
        const retry = this.#ownLaunches[itemPath === '' ? testName : `${testName}/${itemPath}`];
        return {testId, itemPath, state, status, isOwnLaunch: retry !== undefined, retry: retry ?? 0};
      }),
    );
  }

  #write(row: FakeRow, values: string): void {
    this.store.setState(row.testId, value(values));
  }

  #tell(): void {
    for (const row of this.store.takeChanges()) {
      this.schedule.rowChanged(row.testName, row.itemPath, row);
    }
  }
}

/** `test/item/path` or `test`. */
function parse(name: string): {readonly testName: string; readonly itemPath: string} {
  const slash = name.indexOf('/');
  return slash < 0
    ? {testName: name, itemPath: ''}
    : {testName: name.slice(0, slash), itemPath: name.slice(slash + 1)};
}

function value(text: string): {readonly state: string; readonly status: string} {
  const {testName: state, itemPath: status} = parse(text);
  return {state, status};
}

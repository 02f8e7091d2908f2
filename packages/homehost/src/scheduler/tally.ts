/**
 * The counts of a whole schedule: how far it is as a user counts tests, how many instances are ready, how many have failed, how many
 * tests are not decided yet. Every change of an instance goes through here, so that nobody ever has to look at all of them.
 */
import type {StateStatus} from '@megatest/model';
import {
  admit,
  isSettled,
  type Node,
  type Phase,
  place,
  type ScheduledInstance,
  type Standing,
  standing,
} from './schedule-node.ts';

export type ProgressCounts = {
  readonly total: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
};

export class Tally {
  readonly #counts: Record<Standing, number> = {waiting: 0, running: 0, passed: 0, failed: 0};
  readonly #values = new Map<string, Map<string, StateStatus>>();
  /** Tests with something left to decide. */
  unsettled = 0;
  ready = 0;
  /** Instances that this schedule launched and that failed, after their retries. */
  failures = 0;

  /** Instances that are expected, while their test is not open. `undefined` = not counted before, or not any more. */
  expect(before: Standing | undefined, after: Standing | undefined, instances: number): void {
    if (before !== undefined) {
      this.#counts[before] -= instances;
    }
    if (after !== undefined) {
      this.#counts[after] += instances;
    }
  }

  add(instance: ScheduledInstance): void {
    const {state, status} = this.shared(instance);
    instance.state = state;
    instance.status = status;
    admit(instance);
    this.#count(instance, 1);
  }

  /** Puts an instance into a phase, with the values of its row. */
  move(instance: ScheduledInstance, phase: Phase, row: StateStatus = instance): void {
    this.#count(instance, -1);
    place(instance, phase, this.shared(row));
    this.#count(instance, 1);
  }

  /** To be called after a change of a test that may have decided the last thing about it, or opened it again. */
  settle(node: Node): void {
    const isOver = isSettled(node);
    this.unsettled += Number(!isOver) - Number(!node.isSettled);
    node.isSettled = isOver;
  }

  get progress(): ProgressCounts {
    const {waiting, running, passed, failed} = this.#counts;
    return {total: waiting + running + passed + failed, done: passed + failed, running, failed};
  }

  /** One object for each pair of values, so that a hundred thousand rows share a handful of texts. */
  shared({state, status}: StateStatus): StateStatus {
    let byStatus = this.#values.get(state);
    if (byStatus === undefined) {
      byStatus = new Map();
      this.#values.set(state, byStatus);
    }
    let value = byStatus.get(status);
    if (value === undefined) {
      value = {state, status};
      byStatus.set(status, value);
    }
    return value;
  }

  #count(instance: ScheduledInstance, by: 1 | -1): void {
    const now = standing(instance);
    this.#counts[now] += by;
    this.ready += instance.phase === 'ready' ? by : 0;
    this.failures += instance.phase === 'launched' && now === 'failed' ? by : 0;
  }
}

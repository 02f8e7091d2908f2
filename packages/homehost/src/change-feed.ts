/**
 * Tells subscribers what has changed (spec homehost.md 9.14): at most four times a second each, merged, and only what they asked for.
 *
 * A subscriber is `current` (told of everything) or `behind` (a timer runs, and tells it of all that has come by then). Nothing is
 * kept for it meanwhile: the change log knows what came after the last `rev` that it was told.
 */
import {type Connected, type DaemonNotifications, type Job, RpcError, type Topic} from '@megatest/rpc';
import type {RunnerRow, TestCore} from '@megatest/store';
import type {ChangedIds, ChangeLog} from './change-log.ts';
import type {Palette} from './views/palette.ts';

/** Where the feed reads what has become of a row. */
export type ChangedRows = {
  readonly test: (testId: number) => TestCore | undefined;
  readonly runner: (runnerId: number) => Omit<RunnerRow, 'plan'> | undefined;
  readonly job: (jobId: number) => Job | undefined;
};

type Told = DaemonNotifications['changed'];

type Subscriber = {
  readonly connection: Connected;
  readonly topics: Set<Topic>;
  /** Of the last `changed`. */
  toldRev: number;
  /** What came up to here was told, or was none of its topics. */
  seenRev: number;
  toldMs: number;
  timer: NodeJS.Timeout | undefined;
};

const pauseMs = 250;
/** With more tests than this a client does better to read again what it shows. */
const mostTests = 2000;
const mostTopics = 1000;

export class ChangeFeed {
  readonly #log: ChangeLog;
  readonly #rows: ChangedRows;
  readonly #palette: Palette;
  readonly #subscribers = new Map<Connected, Subscriber>();

  constructor(log: ChangeLog, rows: ChangedRows, palette: Palette) {
    this.#log = log;
    this.#rows = rows;
    this.#palette = palette;
  }

  get rev(): number {
    return this.#log.rev;
  }

  /** Returns the `rev` from which on everything is told; what came after `since` is told too. */
  subscribe(connection: Connected, topics: readonly Topic[], since: number | undefined): number {
    if (!connection.isLasting) {
      throw new RpcError('invalidRequest', 'a client that posts cannot be told anything: use a WebSocket');
    }
    const {rev} = this.#log;
    let subscriber = this.#subscribers.get(connection);
    if (subscriber === undefined) {
      const toldMs = Number.NEGATIVE_INFINITY;
      subscriber = {
        connection,
        topics: new Set(),
        toldRev: rev,
        seenRev: rev,
        toldMs,
        timer: undefined,
      };
      this.#subscribers.set(connection, subscriber);
      connection.onClose(() => this.#forget(connection));
    }
    if (new Set([...subscriber.topics, ...topics]).size > mostTopics) {
      throw new RpcError('tooLarge', `a connection has at most ${mostTopics} topics`, {limit: mostTopics});
    }
    for (const topic of topics) {
      subscriber.topics.add(topic);
    }
    if (since !== undefined && since !== rev) {
      subscriber.toldRev = since;
      subscriber.seenRev = since;
      this.#arm(subscriber);
    }
    return rev;
  }

  unsubscribe(connection: Connected, topics: readonly Topic[]): void {
    const subscriber = this.#subscribers.get(connection);
    for (const topic of topics) {
      subscriber?.topics.delete(topic);
    }
    if (subscriber?.topics.size === 0) {
      this.#forget(connection);
    }
  }

  /** A group was committed. */
  changed(): void {
    for (const subscriber of this.#subscribers.values()) {
      this.#arm(subscriber);
    }
  }

  tellMode(mode: string, reason: string): void {
    for (const {connection, topics} of this.#subscribers.values()) {
      if (topics.has('mode')) {
        connection.notify('mode.changed', {mode, reason});
      }
    }
  }

  tellGrid(grid: number, news: Omit<DaemonNotifications['grid.changed'], 'grid'>): void {
    for (const {connection, topics} of this.#subscribers.values()) {
      if (topics.has(`grid:${grid}`)) {
        connection.notify('grid.changed', {grid, ...news});
      }
    }
  }

  #forget(connection: Connected): void {
    clearTimeout(this.#subscribers.get(connection)?.timer);
    this.#subscribers.delete(connection);
  }

  #arm(subscriber: Subscriber): void {
    if (subscriber.timer === undefined) {
      const waitMs = Math.max(0, subscriber.toldMs + pauseMs - performance.now());
      subscriber.timer = setTimeout(() => this.#tell(subscriber), waitMs);
      subscriber.timer.unref();
    }
  }

  #tell(subscriber: Subscriber): void {
    const {connection, topics} = subscriber;
    subscriber.timer = undefined;
    subscriber.toldMs = performance.now();
    const {rev} = this.#log;
    const ids = this.#log.since(subscriber.seenRev);
    subscriber.seenRev = rev;
    const changed = this.#changedFor(subscriber, ids);
    if (changed !== undefined) {
      connection.notify('changed', {rev, prev: subscriber.toldRev, ...changed});
      subscriber.toldRev = rev;
    }
    for (const id of (topics.has('runners') && ids?.runners) || []) {
      const runner = this.#rows.runner(id);
      if (runner !== undefined) {
        connection.notify('runners.changed', {runner});
      }
    }
    for (const id of ids?.jobs ?? []) {
      const job = topics.has('jobs') || topics.has(`job:${id}`) ? this.#rows.job(id) : undefined;
      if (job !== undefined) {
        connection.notify('jobs.changed', {job});
      }
    }
  }

  /** `undefined` when nothing of it was asked for. */
  #changedFor(subscriber: Subscriber, ids: ChangedIds | undefined): Omit<Told, 'rev' | 'prev'> | undefined {
    const {topics} = subscriber;
    const isAll = topics.has('changes');
    const isRead = (kind: 'run' | 'test', id: number) => isAll || topics.has(`${kind}:${id}`);
    if (ids === undefined || ids.tests.size > mostTests) {
      // Nobody knows what else happened, if no ids were kept: then who asked for drivers or jobs has missed some, too.
      const cut = ids === undefined ? /^(run:|test:|job:|jobs$|runners$)/ : /^(run|test):/;
      const hasAsked = isAll || [...topics].some((topic) => cut.test(topic));
      return hasAsked ? {runs: [], tests: [], gone: [], truncated: true} : undefined;
    }
    const runs = [...ids.runs].filter((id) => isRead('run', id));
    const tests: [number, number, number, number, number][] = [];
    const gone: number[] = [];
    for (const id of ids.tests) {
      const row = this.#rows.test(id);
      if (!(isRead('test', id) || (row !== undefined && isRead('run', row.runId)))) {
        continue;
      }
      if (row === undefined || row.state === 'DELETED') {
        gone.push(id);
      } else {
        tests.push([
          id,
          row.runId,
          this.#palette.codeOfTest(row.state, row.status),
          row.eventTime,
          row.runDuration,
        ]);
      }
    }
    const news = tests.length === 0 ? undefined : this.#palette.newsFor(subscriber.connection);
    if (news !== undefined) {
      subscriber.connection.notify('palette', news);
    }
    const isEmpty = runs.length === 0 && tests.length === 0 && gone.length === 0;
    return isEmpty ? undefined : {runs, tests, gone, truncated: false};
  }
}

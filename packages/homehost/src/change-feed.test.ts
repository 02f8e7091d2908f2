import type {Connected} from '@megatest/rpc';
import {noChanges, type TestCore} from '@megatest/store';
import {afterEach, beforeEach, describe, expect, it, vi} from 'vitest';
import {ChangeFeed} from './change-feed.ts';
import {ChangeLog} from './change-log.ts';
import {Palette} from './views/palette.ts';

type Told = readonly [method: string, params: unknown];

class Client {
  readonly told: Told[] = [];
  readonly #closers: (() => void)[] = [];
  readonly connection: Connected;

  constructor(isLasting = true) {
    this.connection = {
      client: {clientId: 'c', host: 'h', pid: 1, user: 'u', kind: 'cli'},
      role: 'viewer',
      address: 'local',
      isLasting,
      request: async () => null,
      notify: (method, params) => this.told.push([method, params]),
      onClose: (listener) => this.#closers.push(listener),
      close: () => {
        for (const closer of this.#closers) {
          closer();
        }
      },
    };
  }

  /** Since the last call. */
  take(): readonly Told[] {
    return this.told.splice(0);
  }
}

describe('the feed of changes', () => {
  let log: ChangeLog;
  let feed: ChangeFeed;
  let rows: Map<number, {readonly runId: number; readonly state: string; readonly status: string}>;

  beforeEach(() => {
    vi.useFakeTimers();
    rows = new Map();
    log = new ChangeLog();
    feed = new ChangeFeed(
      log,
      {
        test: (id) => {
          const row = rows.get(id);
          return row === undefined ? undefined : ({id, eventTime: 100, runDuration: 2, ...row} as TestCore);
        },
        runner: () => undefined,
        job: () => undefined,
      },
      new Palette(),
    );
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function set(id: number, runId: number, state: string, status: string): void {
    rows.set(id, {runId, state, status});
    commit([id]);
  }

  function commit(tests: readonly number[], runs: readonly number[] = []): void {
    log.add({...noChanges(), tests: new Set(tests), runs: new Set(runs)});
    feed.changed();
  }

  const pass = {state: 'COMPLETED', status: 'PASS', text: 'PASS', class: 'good'};
  const running = {state: 'RUNNING', status: 'n/a', text: 'RUNNING', class: 'running'};

  it('tells at once, then at most four times a second, of each test once', () => {
    const client = new Client();
    expect(feed.subscribe(client.connection, ['changes'], undefined)).toBe(0);
    set(1, 7, 'RUNNING', 'n/a');
    vi.advanceTimersByTime(0);
    expect(client.take()).toEqual([
      ['palette', {from: 1, entries: [running]}],
      ['changed', {rev: 1, prev: 0, runs: [], tests: [[1, 7, 1, 100, 2]], gone: [], truncated: false}],
    ]);
    set(1, 7, 'RUNNING', 'n/a');
    set(2, 7, 'RUNNING', 'n/a');
    set(1, 7, 'COMPLETED', 'PASS');
    vi.advanceTimersByTime(249);
    expect(client.take()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(client.take()).toEqual([
      ['palette', {from: 2, entries: [pass]}],
      [
        'changed',
        {
          rev: 4,
          prev: 1,
          runs: [],
          tests: [
            [1, 7, 2, 100, 2],
            [2, 7, 1, 100, 2],
          ],
          gone: [],
          truncated: false,
        },
      ],
    ]);
    vi.advanceTimersByTime(1000);
    expect(client.take()).toEqual([]);
  });

  it('tells of the run or the test that was asked for, and `prev` is the last rev that was told', () => {
    const [ofRun, ofTest] = [new Client(), new Client()];
    feed.subscribe(ofRun.connection, ['run:7'], undefined);
    feed.subscribe(ofTest.connection, ['test:2'], undefined);
    set(1, 7, 'COMPLETED', 'PASS');
    set(2, 8, 'COMPLETED', 'PASS');
    commit([], [7, 8]);
    vi.advanceTimersByTime(250);
    const of = (client: Client) => client.take().filter(([method]) => method === 'changed');
    expect(of(ofRun)).toMatchObject([['changed', {rev: 3, prev: 0, runs: [7], tests: [[1, 7, 1, 100, 2]]}]]);
    expect(of(ofTest)).toMatchObject([['changed', {rev: 3, prev: 0, runs: [], tests: [[2, 8, 1, 100, 2]]}]]);
    set(1, 7, 'COMPLETED', 'PASS');
    vi.advanceTimersByTime(250);
    expect(of(ofTest)).toEqual([]);
    set(2, 8, 'COMPLETED', 'PASS');
    vi.advanceTimersByTime(250);
    expect(of(ofTest)).toMatchObject([['changed', {rev: 5, prev: 3}]]);
  });

  it('tells which tests are gone', () => {
    const client = new Client();
    feed.subscribe(client.connection, ['run:7'], undefined);
    set(1, 7, 'DELETED', 'n/a');
    vi.advanceTimersByTime(250);
    expect(client.take()).toMatchObject([['changed', {tests: [], gone: [1]}]]);
  });

  it('tells also who asked for drivers or jobs alone that it no longer knows which have changed', () => {
    for (const topic of ['runners', 'jobs', 'job:5'] as const) {
      const client = new Client();
      feed.subscribe(client.connection, [topic], 99);
      vi.advanceTimersByTime(250);
      expect(client.take()).toMatchObject([['changed', {prev: 99, truncated: true}]]);
    }
  });

  it('lists nothing when more than 2,000 tests changed, or when it no longer knows which', () => {
    const client = new Client();
    const truncated = {runs: [], tests: [], gone: [], truncated: true};
    feed.subscribe(client.connection, ['changes'], undefined);
    commit(Array.from({length: 2001}, (_, index) => index));
    vi.advanceTimersByTime(250);
    expect(client.take()).toEqual([['changed', {rev: 1, prev: 0, ...truncated}]]);
    feed.subscribe(client.connection, ['changes'], 99);
    vi.advanceTimersByTime(250);
    expect(client.take()).toEqual([['changed', {rev: 1, prev: 99, ...truncated}]]);
  });

  it('tells who comes back what it missed', () => {
    set(1, 7, 'COMPLETED', 'PASS');
    set(2, 7, 'COMPLETED', 'PASS');
    const client = new Client();
    expect(feed.subscribe(client.connection, ['changes'], 1)).toBe(2);
    vi.advanceTimersByTime(0);
    expect(client.take()).toMatchObject([
      ['palette', {from: 1}],
      ['changed', {rev: 2, prev: 1, tests: [[2, 7, 1, 100, 2]]}],
    ]);
  });

  it('tells nothing any more after `unsubscribe` or the end of the connection', () => {
    const [leaves, closes] = [new Client(), new Client()];
    for (const {connection} of [leaves, closes]) {
      feed.subscribe(connection, ['changes', 'mode'], undefined);
    }
    set(1, 7, 'COMPLETED', 'PASS');
    feed.unsubscribe(leaves.connection, ['changes', 'mode']);
    closes.connection.close();
    vi.advanceTimersByTime(1000);
    feed.tellMode('goingDown', 'asked');
    expect([leaves.take(), closes.take()]).toEqual([[], []]);
  });

  it('tells who asked for it that the daemon leaves', () => {
    const client = new Client();
    feed.subscribe(client.connection, ['mode'], undefined);
    set(1, 7, 'COMPLETED', 'PASS');
    vi.advanceTimersByTime(1000);
    feed.tellMode('goingDown', 'asked');
    expect(client.take()).toEqual([['mode.changed', {mode: 'goingDown', reason: 'asked'}]]);
  });

  it('is refused to who posts, and to who asks for too much', () => {
    expect(() => feed.subscribe(new Client(false).connection, ['changes'], undefined)).toThrow('WebSocket');
    const many = Array.from({length: 1000}, (_, index) => `test:${index}` as const);
    const {connection} = new Client();
    feed.subscribe(connection, many, undefined);
    expect(() => feed.subscribe(connection, ['changes'], undefined)).toThrow('at most 1000 topics');
  });
});

/**
 * Who starts the shells of steps. A manager is large, and a fork copies the page tables of the process that forks while everything
 * else waits; so a small process (spawner.pl) forks for it, and makes each shell the parent of whatever in its step loses its own. What
 * that one cannot do, the manager does by itself: every start where there is no perl.
 *
 * The small one is `absent` -> `coming` (on the first start) -> `ready`; when somebody ends it, it is `absent` again; when it ends
 * by itself before it is ready, it is `unusable`. What it had started goes on: how that ends must be found out in another way.
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync, openSync} from 'node:fs';
import {processStart} from '@megatest/rpc';

export type SpawnRequest = {
  /** The program and its arguments. */
  readonly words: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly umask: number;
  /** Takes standard output and error, at its end. */
  readonly output: string;
  /** Control group that it is to be in, if that can be done. */
  readonly group: string | null;
};

/** `unseen`: nobody waited for it. */
export type ProcessEnd =
  | {readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null}
  | {readonly kind: 'unseen'};

/** A process that leads a session of its own. */
export type Spawned = {readonly pid: number; readonly pidStart: string; readonly ended: Promise<ProcessEnd>};

export interface Spawner {
  start(request: SpawnRequest): Promise<Spawned>;
}

/** Enters a control group and becomes the program. */
const enterGroup = ['/bin/sh', '-c', 'echo "$$" 2> /dev/null > "$0/cgroup.procs"; exec "$@"'] as const;

/** Forks by itself. */
export const directSpawner: Spawner = {
  async start({words, cwd, env, umask, output, group}) {
    const [program, ...args] = group === null ? words : ([...enterGroup, group, ...words] as const);
    // The child takes the mask that is in force when it is spawned; tests of several users' habits share this process.
    process.umask(umask);
    const log = openSync(output, 'a');
    try {
      const child = spawn(program, args, {cwd, env, detached: true, stdio: ['ignore', log, log]});
      const pid = child.pid ?? 0;
      const ended = new Promise<ProcessEnd>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, signal) => resolve({kind: 'exited', code, signal}));
      });
      return {pid, pidStart: processStart(pid), ended};
    } finally {
      closeSync(log);
    }
  },
};

type Small =
  | {readonly kind: 'absent' | 'unusable'}
  | {readonly kind: 'coming'; readonly isSettled: Promise<void>}
  | {readonly kind: 'ready'; readonly process: SmallProcess};

/** One that takes longer to come up is not waited for. */
const comingLimitMs = 5000;

export class SmallSpawner implements Spawner {
  readonly #words: readonly string[];
  #small: Small = {kind: 'absent'};

  /** `words`: what stands behind `perl`. */
  constructor(words: readonly string[]) {
    this.#words = words;
  }

  async start(request: SpawnRequest): Promise<Spawned> {
    if (this.#small.kind === 'absent') {
      this.#bring();
    }
    if (this.#small.kind === 'coming') {
      await this.#small.isSettled;
    }
    const small = this.#small;
    const spawned = small.kind === 'ready' ? await small.process.start(request) : undefined;
    return spawned ?? (await directSpawner.start(request));
  }

  #bring(): void {
    const {PATH} = process.env;
    // Nothing of the environment may change what it does.
    const child = spawn('perl', this.#words, {
      env: PATH === undefined ? {} : {PATH},
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const settled = defer<void>();
    const limit = setTimeout(settled.resolve, comingLimitMs);
    const settle = (small: Small) => {
      this.#small = small;
      clearTimeout(limit);
      settled.resolve();
    };
    this.#small = {kind: 'coming', isSettled: settled.promise};
    const small = new SmallProcess(child, {
      onReady: () => settle({kind: 'ready', process: small}),
      onGone: (signal) => {
        const isOfUse = signal !== null || this.#small.kind === 'ready';
        settle({kind: isOfUse ? 'absent' : 'unusable'});
      },
    });
  }
}

type Deferred<Value> = {
  readonly promise: Promise<Value>;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
};

/** A request that was sent, and a process that has not ended. */
type Running = {
  readonly started: (spawned: Spawned | undefined) => void;
  readonly ended: Deferred<ProcessEnd>;
  refusal: string | undefined;
};

type SmallEvents = {
  readonly onReady: () => void;
  /** With the signal that ended it, if one did. */
  readonly onGone: (signal: string | null) => void;
};

/** One life of it. */
class SmallProcess {
  readonly #child: ChildProcess;
  readonly #running = new Map<number, Running>();
  readonly #onReady: () => void;
  #lastId = 0;
  #rest = '';

  constructor(child: ChildProcess, on: SmallEvents) {
    this.#child = child;
    this.#onReady = on.onReady;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    // It has gone, as `close` or `error` of the child says too.
    child.stdin?.on('error', () => {});
    // Where it could not be started; `close` may follow.
    child.once('error', () => on.onGone(null));
    child.once('close', (_, signal) => {
      on.onGone(signal);
      this.#leave();
    });
  }

  /** `undefined` when it could not be started, or nobody knows. */
  async start({words, cwd, env, umask, output, group}: SpawnRequest): Promise<Spawned | undefined> {
    this.#lastId += 1;
    const id = this.#lastId;
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const fields = [id, umask, cwd, output, group ?? '', words.length, ...words, ...variables].map(String);
    if (fields.some((field) => field.includes('\0'))) {
      return undefined;
    }
    const body = fields.join('\0');
    const frame = Buffer.allocUnsafe(4 + Buffer.byteLength(body));
    frame.writeUInt32BE(frame.length - 4);
    frame.write(body, 4);
    return await new Promise((resolve) => {
      this.#running.set(id, {started: resolve, ended: defer(), refusal: undefined});
      this.#child.stdin?.write(frame);
    });
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [word = '', id, ...values] = line.split(' ');
      if (word === 'ready') {
        this.#onReady();
      } else {
        this.#answered(word, Number(id), values);
      }
    }
  }

  #answered(word: string, id: number, values: readonly string[]): void {
    const running = this.#running.get(id);
    const [first = '', second = ''] = values;
    switch (word) {
      case 'unable':
        this.#running.delete(id);
        running?.started(undefined);
        return;
      case 'started':
        running?.started({pid: Number(first), pidStart: second, ended: running.ended.promise});
        return;
      case 'refused':
        // It may come before `started`, to which nobody listens yet; `ended` comes last.
        if (running !== undefined) {
          running.refusal = values.join(' ');
        }
        return;
      case 'ended':
        this.#running.delete(id);
        if (running?.refusal === undefined) {
          running?.ended.resolve(endOf(Number(first)));
        } else {
          running.ended.reject(new Error(`a shell could not be started: ${running.refusal}`));
        }
    }
  }

  #leave(): void {
    for (const {started, ended} of this.#running.values()) {
      // At most one of them is still waited for.
      started(undefined);
      ended.resolve({kind: 'unseen'});
    }
    this.#running.clear();
  }
}

/** From what wait(2) says. */
function endOf(status: number): ProcessEnd {
  const signal = status & 0x7f;
  return signal === 0
    ? {kind: 'exited', code: status >> 8, signal: null}
    : {kind: 'exited', code: null, signal: `signal ${signal}`};
}

function defer<Value>(): Deferred<Value> {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return {promise, resolve, reject};
}

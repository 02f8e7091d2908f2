/**
 * Submits a run and follows it to its end: the environment goes to the manager of this host, the submission to the daemon, and what
 * the driver says comes back, also across a restart of either (spec homehost.md 9.11).
 */
import {randomUUID} from 'node:crypto';
import {cleanCache} from '@megatest/config';
import {type DaemonClient, type DaemonNotifications, refuseReadOnly, type SubmitOptions} from '@megatest/rpc';
import {environment, type Session} from '../session.ts';

export type RunRequest = {
  readonly action: 'run' | 'rerun-clean' | 'rerun-all' | 'rerun-failed' | 'rerun-step';
  readonly target: string;
  readonly runName: string;
  readonly options: SubmitOptions;
  /** The words of the command line, for `args:get-arg` of config files. */
  readonly argv: readonly string[];
  /** Changes to this process's environment for the run. */
  readonly env?: Readonly<Record<string, string>>;
};

export type RunEvents = {
  readonly onSubmitted?: (ids: {readonly driverId: number; readonly runId: number | null}) => void;
  readonly onOutput?: (entry: DaemonNotifications['driver.output']) => void;
  readonly onResult?: (result: DaemonNotifications['driver.result']) => void;
  readonly onProgress?: (progress: DaemonNotifications['driver.progress']) => void;
  /** The daemon or the connection to it was lost; the run goes on, and so does the watching when it is back. */
  readonly onLost?: () => void;
};

export type Submitted = {
  readonly driverId: number;
  readonly runId: number | null;
  /** Resolves with the driver's exit code. */
  readonly ended: Promise<number>;
  /** Nothing new is launched; running tests go on. */
  stop(): Promise<void>;
  close(): void;
};

/** Whoever submits stays connected to the manager too, so that a manager that dies while somebody watches is started again. */
export async function submitRun(
  session: Session,
  request: RunRequest,
  events: RunEvents,
  isDetached = false,
): Promise<Submitted> {
  refuseReadOnly(session.area.path, 'a run');
  const uuid = randomUUID();
  const {action, target, runName, options, argv} = request;
  if (action === 'rerun-clean' || action === 'rerun-all') {
    cleanCache({linkTree: session.area.linkTree, target, runName});
  }
  const umask = process.umask();
  const watch = new Watch(session, events);
  // Both ways take a while, the more so when daemon and manager have to be started. The call below says what is wrong, if anything is.
  void watch.client.connect().catch(() => {});
  const manager = await session.manager.call('submission.open', {
    uuid,
    env: {...environment(), ...request.env},
    cwd: process.cwd(),
    umask,
  });
  const {driverId, runId} = await watch.client.call('runs.submit', {
    uuid,
    action,
    target,
    runName,
    options,
    manager,
    argv: [...argv],
  });
  events.onSubmitted?.({driverId, runId});
  if (!isDetached) {
    await watch.attach(driverId);
  }
  return {
    driverId,
    runId,
    ended: watch.ended,
    stop: async () => {
      await watch.client.call('runners.stop', {driverId});
    },
    close: () => watch.client.close(),
  };
}

/** Follows a driver over reconnections; a new daemon tells from the beginning, and what was told before is left out. */
class Watch {
  readonly client: DaemonClient;
  readonly ended: Promise<number>;
  readonly #events: RunEvents;
  #end: (exitCode: number) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  #driverId: number | undefined;
  #serverId = '';
  #nextSeq = 0;
  /** Texts told by daemons before the present one, and by this command, which has read the same files as the planner. */
  readonly #told: Set<string>;
  readonly #results = new Map<number, string>();

  constructor(session: Session, events: RunEvents) {
    this.#events = events;
    this.#told = new Set([...session.saidWhileReading].map((text) => `log ${text}`));
    this.ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    // Looked at by whoever waits for the end; a detached command never does.
    this.ended.catch(() => {});
    this.client = session.connectDaemon({
      onNotification: (name, params) => this.#onNotification(name, params),
      onGivenUp: (error) => this.#fail(error),
      onConnected: (welcome) => {
        if (welcome.serverId !== this.#serverId) {
          this.#serverId = welcome.serverId;
          this.#nextSeq = 0;
        }
        const driverId = this.#driverId;
        if (driverId !== undefined) {
          // After the login: this call is part of it, and waits for nothing else.
          setImmediate(() => void this.#ask(driverId));
        }
      },
    });
  }

  async attach(driverId: number): Promise<void> {
    this.#driverId = driverId;
    await this.#ask(driverId);
  }

  async #ask(driverId: number): Promise<void> {
    try {
      const results = this.#events.onResult !== undefined || this.#events.onProgress !== undefined;
      const {ended} = await this.client.call('runs.attach', {driverId, fromSeq: this.#nextSeq, results});
      if (ended !== null) {
        // What it said before stands ahead of this answer on the same connection.
        this.#end(ended.exitCode);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #onNotification(name: keyof DaemonNotifications, params: unknown): void {
    switch (name) {
      case 'driver.output':
        this.#onOutput(params as DaemonNotifications['driver.output']);
        return;
      case 'driver.result': {
        const result = params as DaemonNotifications['driver.result'];
        const now = `${result.state}/${result.status}`;
        if (result.driverId === this.#driverId && this.#results.get(result.testId) !== now) {
          this.#results.set(result.testId, now);
          this.#events.onResult?.(result);
        }
        return;
      }
      case 'driver.progress':
        this.#events.onProgress?.(params as DaemonNotifications['driver.progress']);
        return;
      case 'driver.ended':
        this.#end((params as DaemonNotifications['driver.ended']).exitCode);
        return;
      case 'server.goingDown':
        this.#events.onLost?.();
        return;
    }
  }

  #onOutput(entry: DaemonNotifications['driver.output']): void {
    if (entry.seq < this.#nextSeq) {
      return;
    }
    this.#nextSeq = entry.seq + 1;
    const key = `${entry.stream} ${entry.text}`;
    if (!this.#told.has(key)) {
      this.#told.add(key);
      this.#events.onOutput?.(entry);
    }
  }
}

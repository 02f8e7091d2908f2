/** What the handlers of all methods share: writes that are made once, the audit, and how tests and runs are found. */
import {
  type CallContext,
  type Connected,
  type Finding,
  RpcError,
  type RunSummary,
  type ServerStatus,
  type SyncStatus,
  type TestRef,
} from '@megatest/rpc';
import {BadCursor, type RunRow, type TestCore, type TestRow} from '@megatest/store';
import type {CutText} from '../cut-records.ts';
import {cutText} from '../cut-text.ts';
import type {Homehost} from '../homehost.ts';
import type {Panel} from '../panel/panel.ts';
import {selectRuns as chosenRuns, selectTests as chosenTests, type TestChoice} from '../run-changes.ts';
import type {DaemonSettings} from '../settings.ts';
import type {Views} from '../views/views.ts';
import type {LoginLink} from '../web/web-login.ts';
import {wrongCursor} from './wrong-cursor.ts';

export type AuditEntry = {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  /** Where the connection comes from; `local` on this host. */
  readonly address: string;
  readonly what: string;
};

export type HandlerWorld = {
  readonly audit: (entry: AuditEntry) => void;
  /** Into the log of the daemon. */
  readonly warn: (text: string) => void;
  readonly homehost: Homehost;
  readonly views: Views;
  readonly barrier: (isFull?: boolean) => Promise<{readonly stamp: number; readonly seq: number}>;
  readonly syncStatus: () => SyncStatus;
  readonly serverStatus: () => ServerStatus;
  readonly doctor: (connection: Connected) => Promise<readonly Finding[]>;
  readonly shutdown: (reason: string) => void;
  readonly panel: Panel;
  readonly settings: DaemonSettings;
  readonly loginLink: (connection: Connected, path: string | undefined) => LoginLink;
  readonly sessionToken: (connection: Connected) => {readonly token: string; readonly validS: number};
};

/** Clients whose last write is remembered. */
const mostClients = 10_000;

export type HandlerTools = ReturnType<typeof makeTools>;

export function makeTools(world: HandlerWorld) {
  const {homehost} = world;
  const {store} = homehost;

  /** The highest write of each client that may be done. */
  const lastWrites = new Map<string, number>();

  /** Whether a write is newer than all that a client has ever made: most are, and need not be looked for. */
  function isNewest(client: string, number: number): boolean {
    const last = lastWrites.get(client) ?? store.lastDone(client);
    if (lastWrites.size > mostClients) {
      lastWrites.clear();
    }
    lastWrites.set(client, Math.max(last, number));
    return number > last;
  }

  /** Makes a write once, however often the client sends it (spec homehost.md 8.7). */
  async function once<T>(context: CallContext, change: () => T): Promise<T> {
    const [client = '', seq = ''] = (context.request.id ?? '').split(':');
    const number = Number(seq);
    // Answers of a client are for that client: another one's id asks for nothing that was done before.
    if (client !== context.connection.client.clientId || seq === '' || !Number.isInteger(number)) {
      return await homehost.write(change);
    }
    return await homehost.write(() => {
      const done = isNewest(client, number) ? undefined : store.doneResult(client, number);
      if (done !== undefined) {
        return JSON.parse(done) as T;
      }
      const result = change();
      store.storeDone(client, number, JSON.stringify(result ?? null), homehost.nowS());
      return result;
    });
  }

  /** Who did it, from where: people and scripts, not tests about themselves. */
  function audit({connection: {client, address}}: CallContext, what: string): void {
    if (client.kind !== 'test' && client.kind !== 'manager') {
      world.audit({user: client.user, host: client.host, pid: client.pid, address, what});
    }
  }

  /** Comments and values as they are stored (spec homehost.md 8.4); all but texts stays as it is. */
  function cutter({connection: {client}}: CallContext): CutText {
    return (what, value) => {
      const kept = typeof value === 'string' ? cutText(value) : value;
      if (kept !== value) {
        world.warn(`${what} of ${client.user}@${client.host} is too long and was cut`);
      }
      return kept as typeof value;
    };
  }

  function cut(context: CallContext, what: string, value: string): string {
    return cutter(context)(what, value);
  }

  function auditState(
    context: CallContext,
    what: string,
    state: string | undefined,
    status: string | undefined,
  ): void {
    audit(context, `set ${what} to ${state ?? '-'}/${status ?? '-'}`);
  }

  function find(test: TestRef): TestRow {
    const row =
      'testId' in test
        ? store.tests.get(test.testId)
        : store.tests.find(test.runId, test.testName, test.itemPath);
    if (row === undefined) {
      throw noSuchTest(test);
    }
    return row;
  }

  function core(id: number): TestCore {
    const row = store.tests.core(id);
    if (row === undefined) {
      throw noSuchTest({testId: id});
    }
    return row;
  }

  /** A run that somebody means to change: it must be there, and not deleted. */
  function run(runId: number): RunRow {
    const row = store.runs.get(runId);
    if (row === undefined || row.state === 'deleted') {
      throw new RpcError('notFound', `there is no run ${runId}`, {what: 'run', id: runId});
    }
    return row;
  }

  /** What is asked of a locked run by its name or its tests is refused; what is asked of many runs passes over it. */
  function refuseLocked(runIds: Iterable<number>): void {
    for (const id of new Set(runIds)) {
      if (run(id).state === 'locked') {
        throw new RpcError('conflict', `run ${id} is locked; unlock it first`, {current: 'locked'});
      }
    }
  }

  /** Reads a page; a cursor that is none is the caller's fault. */
  function paged<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw error instanceof BadCursor ? wrongCursor(error.cursor) : error;
    }
  }

  function summary(run: RunRow): RunSummary {
    return {...run, counts: store.runs.counts(run.id)};
  }

  function selectRuns(target: string, runPatt: string): readonly RunRow[] {
    return chosenRuns(store, target, runPatt);
  }

  function selectTests(choice: TestChoice): readonly TestRow[] {
    return chosenTests(store, choice);
  }

  return {
    world,
    homehost,
    store,
    once,
    audit,
    cut,
    cutter,
    auditState,
    find,
    core,
    run,
    refuseLocked,
    paged,
    summary,
    selectRuns,
    selectTests,
  };
}

/** The table names the result of a usual call; a parameter may ask for another form of it. */
export function inForm<T>(result: unknown): T {
  return result as T;
}

function noSuchTest(test: TestRef): RpcError {
  return new RpcError('notFound', `there is no test ${JSON.stringify(test)}`, {what: 'test', id: test});
}

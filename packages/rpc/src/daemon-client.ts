/** A client of an area's homehost daemon: finds it, starts it when there is none, and stays with it. */
import {hostname} from 'node:os';
import {UserError} from '@megatest/model';
import {areaHash, PROGRAM_VERSION} from '@megatest/store';
import type {RequestInfo} from './answer-request.ts';
import {comesUp} from './comes-up.ts';
import type {DaemonMethods, DaemonNotifications} from './daemon-methods.ts';
import {type Homehost, mayBeAlive} from './discovery.ts';
import {clockSkewLimitMs, printSkew} from './disk-clock.ts';
import type {ManagerMethods} from './manager-methods.ts';
import type {Handlers} from './method-table.ts';
import type {PassingRefusal} from './passing-refusal.ts';
import {type Endpoint, RpcClient, type Welcome} from './rpc-client.ts';
import {readKey} from './server-keys.ts';
import {readServerRecord} from './server-record.ts';

export type DaemonClient = RpcClient<DaemonMethods, ManagerMethods>;

export type DaemonClientOptions = {
  readonly areaPath: string;
  readonly homehost: Homehost;
  readonly kind: 'cli' | 'test' | 'manager' | 'dashboard';
  /** Seconds to look for a daemon before giving up; `undefined` = for ever. */
  readonly giveUpS: number | undefined;
  /** Starts a daemon on the homehost; not given for commands that must not start one. */
  readonly startDaemon?: () => Promise<void>;
  /** What a start that did not lead to a daemon had to say. */
  readonly describeStart?: () => string;
  /** What the daemon may ask of this process: given by managers, with their handlers. */
  readonly serves?: ManagerMethods;
  readonly handlers?: Handlers<ManagerMethods, RequestInfo>;
  readonly onNotification?: <N extends keyof DaemonNotifications>(
    name: N,
    params: DaemonNotifications[N],
  ) => void;
  readonly onConnected?: (
    welcome: Welcome,
    ask: (method: string, params: unknown) => Promise<unknown>,
  ) => Promise<void> | void;
  readonly onLost?: () => void;
  readonly onGivenUp?: (error: unknown) => void;
  readonly onPassingRefusal?: (refusal: PassingRefusal) => void;
  /** An older daemon is asked to leave: by who can start another, or wants none. */
  readonly replacesOlder?: boolean;
  /** Told once when the clock of this host is not the homehost's. */
  readonly warn?: (text: string) => void;
};

/** A start is not repeated within this time: the first one may just be slow. */
const startPauseMs = 1000;

export function makeDaemonClient(options: DaemonClientOptions): DaemonClient {
  const {areaPath, homehost} = options;
  let lastStartMs = Number.NEGATIVE_INFINITY;
  /** A daemon whose host answered that nobody listens: its record need not grow old first. */
  let goneServerId: string | undefined;
  let isSkewTold = false;
  function checkClock({serverTimeMs}: Welcome): void {
    const skewMs = Date.now() - serverTimeMs;
    if (Math.abs(skewMs) > clockSkewLimitMs && !isSkewTold) {
      isSkewTold = true;
      options.warn?.(`the clock of this host is ${printSkew(skewMs)} that of the homehost ${homehost.name}`);
    }
  }
  return new RpcClient<DaemonMethods, ManagerMethods>({
    // Commands do without the schemas of a manager: making them takes longer than asking.
    serves: options.serves ?? ({} as ManagerMethods),
    handlers: options.handlers ?? {},
    areaPath,
    version: PROGRAM_VERSION,
    kind: options.kind,
    giveUpS: options.giveUpS,
    onRefused: () => {
      goneServerId = readServerRecord(areaPath)?.serverId;
    },
    async locate(): Promise<Endpoint> {
      const endpoint = locateDaemon(areaPath, goneServerId);
      if (endpoint !== undefined) {
        return endpoint;
      }
      if (options.startDaemon === undefined) {
        throw new UserError(`no daemon is running for ${areaPath}`, {
          hint: 'start one with "megatest server start"',
          exitCode: 7,
        });
      }
      if (performance.now() - lastStartMs > startPauseMs) {
        lastStartMs = performance.now();
        await options.startDaemon();
        // What looked dead may only have been slow: it is asked again if nobody takes its place.
        goneServerId = undefined;
        await comesUp(() => locateDaemon(areaPath, goneServerId) !== undefined, startPauseMs);
      }
      const started = locateDaemon(areaPath, goneServerId);
      if (started === undefined) {
        throw new Error(`the daemon on ${homehost.name} is not up yet`);
      }
      return started;
    },
    ...(options.onNotification === undefined
      ? {}
      : {
          onNotification: (name: string, params: unknown) =>
            options.onNotification?.(name as keyof DaemonNotifications, params as never),
        }),
    onConnected: async (welcome, ask) => {
      checkClock(welcome);
      await options.onConnected?.(welcome, ask);
    },
    ...(options.onLost === undefined ? {} : {onLost: options.onLost}),
    ...(options.onGivenUp === undefined ? {} : {onGivenUp: options.onGivenUp}),
    ...(options.onPassingRefusal === undefined ? {} : {onPassingRefusal: options.onPassingRefusal}),
    other: {
      name: 'the daemon',
      leaveBy: (options.replacesOlder ?? options.startDaemon !== undefined) ? 'server.shutdown' : undefined,
    },
    describe: () => {
      const said = options.describeStart?.() ?? '';
      const start = said === '' ? '' : `; the last start said:\n${said.replace(/^/gm, '    ')}`;
      const host = readServerRecord(areaPath)?.host ?? 'nothing';
      return `the homehost is ${homehost.name} (see ${homehost.file}); .server names ${host}${start}`;
    },
  });
}

/** The daemon that `.server` names, when it may be alive and a key can be read; `goneServerId` is known to be dead. */
export function locateDaemon(areaPath: string, goneServerId?: string): Endpoint | undefined {
  const record = readServerRecord(areaPath);
  if (record === undefined || record.serverId === goneServerId || !mayBeAlive(areaPath, record)) {
    return undefined;
  }
  const key = readKey(areaPath);
  if (key === undefined) {
    throw new UserError(
      `you may not talk to the daemon of ${areaPath}: its key files are not readable for you`,
    );
  }
  const address =
    record.host === hostname()
      ? ({kind: 'local', path: `\0megatest:${areaHash(areaPath)}`} as const)
      : ({
          kind: 'tcp',
          host: record.ip,
          port: record.port,
          fingerprint: record.tls?.fingerprint ?? null,
        } as const);
  return {address, key};
}

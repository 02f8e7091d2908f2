/**
 * A client of the manager of this host, user and area, on its local socket. The manager answers only who knows the key in its
 * private directory, so nobody else's process can hand it an environment or speak for a test.
 */
import {spawn} from 'node:child_process';
import {closeSync, existsSync, openSync, readFileSync} from 'node:fs';
import {connect} from 'node:net';
import {join} from 'node:path';
import {type AreaIdentity, makePrivateDirectory, managerDirectory, PROGRAM_VERSION} from '@megatest/store';
import {comesUp} from './comes-up.ts';
import {managerSocket} from './discovery.ts';
import type {LocalMethods} from './manager-methods.ts';
import type {PassingRefusal} from './passing-refusal.ts';
import {type Endpoint, RpcClient} from './rpc-client.ts';

export type ManagerClient = RpcClient<LocalMethods>;

export type ManagerClientOptions = {
  readonly area: AreaIdentity;
  /** Starts a manager; not given by who can do without one. */
  readonly start?: () => void;
  /** Seconds without a manager after which calls fail; `undefined` = never. */
  readonly giveUpS: number | undefined;
  readonly onPassingRefusal?: (refusal: PassingRefusal) => void;
  /** An older manager is asked to leave: by who can start another, or wants none. */
  readonly replacesOlder?: boolean;
};

/** A start is not repeated within this time: the first one may just be slow. */
const startPauseMs = 1000;

export function makeManagerClient(options: ManagerClientOptions): ManagerClient {
  const {area, start, giveUpS, onPassingRefusal, replacesOlder} = options;
  const path = managerSocket(area.path, process.getuid?.() ?? 0);
  let lastStartMs = Number.NEGATIVE_INFINITY;
  return new RpcClient<LocalMethods>({
    serves: {},
    handlers: {},
    areaPath: area.path,
    version: PROGRAM_VERSION,
    kind: 'cli',
    giveUpS,
    longestWaitMs: startPauseMs,
    async locate(): Promise<Endpoint> {
      if (!(await somebodyListens(path)) && start !== undefined) {
        if (performance.now() - lastStartMs > startPauseMs) {
          lastStartMs = performance.now();
          start();
        }
        if (!(await comesUp(async () => await somebodyListens(path), startPauseMs))) {
          throw new Error('the manager of this host is not up yet');
        }
      }
      const key = readFileSync(managerKeyFile(area), 'utf8').trim();
      return {address: {kind: 'local', path}, key: {name: 'rw', key}};
    },
    other: {
      name: 'the manager',
      leaveBy: (replacesOlder ?? start !== undefined) ? 'manager.stop' : undefined,
    },
    ...(onPassingRefusal === undefined ? {} : {onPassingRefusal}),
    describe: () => `its messages are in ${managerLogFile(area)}`,
  });
}

/** The private directory of this user's manager, made when it is not there. */
export function ensureManagerDirectory(area: AreaIdentity): string {
  const directory = managerDirectory(area);
  makePrivateDirectory(directory);
  return directory;
}

export function managerKeyFile(area: AreaIdentity): string {
  return join(managerDirectory(area), 'manager.key');
}

/** Where the front of the `megatest` command finds the manager. */
export function managerCallsDirectory(area: AreaIdentity): string {
  return join(managerDirectory(area), 'calls');
}

export function managerLogFile(area: AreaIdentity): string {
  return join(managerDirectory(area), 'manager.log');
}

/** Whether a manager has the socket; abstract sockets vanish with their process. */
export async function somebodyListens(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({path});
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Variables that belong to one test or one run, and must not live on in a process that serves many. */
export function withoutTestVariables(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !entry[0].startsWith('MT_'),
    ),
  );
}

/** Starts a manager in the background; its messages go to `manager.log` of its directory. */
export function startManager(managerProgram: string, area: AreaIdentity, homehost: string | undefined): void {
  ensureManagerDirectory(area);
  const log = openSync(managerLogFile(area), 'a', 0o600);
  try {
    const settings = JSON.stringify({area, homehost: homehost ?? null});
    spawn(process.execPath, [managerProgram, settings], {
      cwd: existsSync(area.path) ? area.path : '/',
      env: withoutTestVariables(process.env),
      detached: true,
      stdio: ['ignore', log, log],
    }).unref();
  } finally {
    closeSync(log);
  }
}

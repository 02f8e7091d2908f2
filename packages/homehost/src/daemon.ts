/**
 * The daemon process: takes the one place that an area has for a daemon, brings M and T together, listens, and leaves in order
 * (spec homehost.md 6.5 to 6.8). `starting` -> `serving` -> `leaving`; a second signal while leaving ends it at once.
 */
import {randomUUID} from 'node:crypto';
import {existsSync, readFileSync, rmSync, statSync} from 'node:fs';
import {createServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import {hostname, userInfo} from 'node:os';
import {join} from 'node:path';
import {UserError} from '@megatest/model';
import {
  type ClientInfo,
  daemonMethods,
  daemonSocket,
  ensureKey,
  keyFile,
  keyMode,
  ownAddress,
  PROTOCOL,
  RpcServer,
  readServerRecord,
  type ServerStatus,
  touch,
  writeServerRecord,
} from '@megatest/rpc';
import {
  areaHash,
  type Connection,
  makePrivateDirectory,
  openWorking,
  PROGRAM_VERSION,
  reconcile,
  setSyncOwner,
  workingDirectory,
} from '@megatest/store';
import {DaemonLog} from './daemon-log.ts';
import {makeHandlers} from './handlers.ts';
import {Homehost} from './homehost.ts';
import {printMetrics} from './metrics.ts';
import type {DaemonSettings} from './settings.ts';
import {Syncer} from './syncer.ts';

export type DaemonOptions = {
  readonly settings: DaemonSettings;
  /** The bundled thread that flushes M into T. */
  readonly syncWorkerPath: string;
};

const heartbeatMs = 5000;
const highestPort = 63_999;
const shutdownLimitMs = 15_000;
/** Stored answers of commands are kept this long. */
const keepDoneS = 7 * 86_400;

/** Runs until the daemon is asked to leave; resolves with the exit code of the process. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const {settings} = options;
  const local = createServer();
  if (!(await takePlace(local, settings.areaPath))) {
    process.stderr.write(`INFO: a daemon is already running for ${settings.areaPath}\n`);
    return 0;
  }
  const log = new DaemonLog(settings.areaPath);
  try {
    return await new Daemon(options, local, log).run();
  } catch (error) {
    log.write('ERROR', error instanceof Error ? (error.stack ?? error.message) : String(error));
    throw error;
  }
}

/** The abstract socket of the area: the kernel gives it to one process only and takes it back when that dies. */
async function takePlace(server: Server, areaPath: string): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen({path: daemonSocket(areaPath)}, () => resolve(true));
  });
}

class Daemon {
  readonly #settings: DaemonSettings;
  readonly #options: DaemonOptions;
  readonly #local: Server;
  readonly #tcp: Server = createServer();
  readonly #log: DaemonLog;
  readonly #serverId = randomUUID();
  readonly #startMs = Date.now();
  readonly #clients = new Set<ClientInfo>();
  readonly #calls: Record<string, number> = {};
  readonly #working: string;
  readonly #areaFile: string;
  #db: Connection | undefined;
  #homehost: Homehost | undefined;
  #syncer: Syncer | undefined;
  #rpc: RpcServer<typeof daemonMethods> | undefined;
  #lastCallMs = performance.now();
  #port = 0;
  #leave: (exitCode: number) => void = () => {};
  #isLeaving = false;

  constructor(options: DaemonOptions, local: Server, log: DaemonLog) {
    this.#options = options;
    this.#settings = options.settings;
    this.#local = local;
    this.#log = log;
    const {areaPath, areaName} = this.#settings;
    this.#working = join(workingDirectory({path: areaPath, name: areaName}), 'megatest.db');
    this.#areaFile = join(areaPath, 'megatest.db');
  }

  async run(): Promise<number> {
    const left = new Promise<number>((resolve) => {
      this.#leave = resolve;
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => (this.#isLeaving ? process.exit(1) : void this.#shutdown(`got ${signal}`)));
    }
    this.#openDatabases();
    await this.#listen();
    this.#announce();
    this.#homehost?.restoreDrivers();
    const timer = setInterval(() => this.#beat(), heartbeatMs);
    const exitCode = await left;
    clearInterval(timer);
    return exitCode;
  }

  #openDatabases(): void {
    const {areaPath, keys, syncIntervalS, syncMarginS} = this.#settings;
    makePrivateDirectory(workingDirectory({path: areaPath, name: this.#settings.areaName}));
    const outcome = reconcile({
      working: this.#working,
      area: this.#areaFile,
      keys,
      nowS: Math.floor(Date.now() / 1000),
    });
    for (const message of outcome.messages) {
      this.#log.plain(message);
    }
    setSyncOwner(this.#areaFile, this.#serverId);
    this.#db = openWorking(this.#working);
    const homehost = new Homehost({db: this.#db, log: (level, text) => this.#log.write(level, text)});
    homehost.store.pruneDone(homehost.nowS() - keepDoneS);
    this.#homehost = homehost;
    // Writes of the marks themselves are not counted: they must not make T look behind.
    let marks = 0;
    this.#syncer = new Syncer({
      workerPath: this.#options.syncWorkerPath,
      working: this.#working,
      area: this.#areaFile,
      owner: this.#serverId,
      intervalS: syncIntervalS,
      marginS: syncMarginS,
      writes: () => homehost.writes - marks,
      onFlushed: ({stamp, seq}) => {
        marks += 1;
        void homehost.write(() => {
          homehost.store.setMeta('SYNC_STAMP', String(stamp));
          homehost.store.setMeta('SYNC_SEQ', String(seq));
        });
      },
      onProblem: (report) => this.#onSyncProblem(report),
      warn: (text) => this.#log.write('WARNING', text),
    });
    void homehost.write(() => homehost.store.setMeta('SERVER_ID', this.#serverId));
  }

  async #listen(): Promise<void> {
    const {areaPath, lowport, hostname: bindAddress} = this.#settings;
    const homehost = this.#must();
    const readWrite = ensureKey(keyFile(areaPath, 'rw'), keyMode(areaPath));
    const readOnly = ensureKey(keyFile(areaPath, 'ro'), (statSync(this.#areaFile).mode & 0o444) | 0o600);
    for (const [name, {wasReplaced}] of [
      ['.server.key', readWrite],
      ['.server.ro.key', readOnly],
    ] as const) {
      if (wasReplaced) {
        this.#log.write(
          'WARNING',
          `${name} was readable for more users than it should be; a new one was made`,
        );
      }
    }
    const handlers = makeHandlers({
      homehost,
      barrier: async () => await this.#mustSync().barrier(),
      syncStatus: () => this.#mustSync().status(),
      serverStatus: () => this.#status(),
      shutdown: (reason) => void this.#shutdown(reason),
      sessionToken: ({client, role}) => this.#mustServe().tokens.make({client, role}),
    });
    this.#rpc = new RpcServer({
      methods: daemonMethods,
      handlers,
      areaPath,
      serverId: this.#serverId,
      protocol: PROTOCOL,
      keys: {rw: readWrite.key, ro: readOnly.key},
      fingerprint: '-',
      welcome: (client) => ({
        version: PROGRAM_VERSION,
        keys: homehost.store.keys,
        serverTimeMs: Date.now(),
        epoch: homehost.store.getMeta('DB_EPOCH') ?? '',
        lastSeqDone: homehost.store.lastDone(client.clientId),
      }),
      ping: () => ({
        pid: process.pid,
        area: areaPath,
        uptimeS: Math.round((Date.now() - this.#startMs) / 1000),
      }),
      onConnect: (connection) => {
        this.#clients.add(connection.client);
        connection.onClose(() => this.#clients.delete(connection.client));
      },
      onCall: (method) => {
        this.#lastCallMs = performance.now();
        this.#calls[method] = (this.#calls[method] ?? 0) + 1;
      },
      onRefused: (address, why) => this.#log.write('WARNING', `refused a connection of ${address}: ${why}`),
    });
    for (const server of [this.#local, this.#tcp]) {
      server.on('request', (request, response) => this.#onHttp(request, response));
      this.#rpc.attach(server);
    }
    this.#port = await listenSomewhere(this.#tcp, lowport, bindAddress === '-' ? ownAddress() : bindAddress);
  }

  #announce(): void {
    const {areaPath} = this.#settings;
    const ip = ownAddress();
    writeServerRecord(areaPath, {
      v: 1,
      area: areaPath,
      host: hostname(),
      ip,
      port: this.#port,
      pid: process.pid,
      uid: process.getuid?.() ?? 0,
      user: userInfo().username,
      serverId: this.#serverId,
      startTime: Math.floor(this.#startMs / 1000),
      protocol: PROTOCOL,
      version: PROGRAM_VERSION,
      tls: null,
      dbPath: this.#working,
      socket: `megatest:${areaHash(areaPath)}`,
    });
    rmSync(join(areaPath, '.starting-server'), {force: true});
    this.#log.plain(`SERVER STARTED: ${ip}:${this.#port} AT ${Math.floor(this.#startMs / 1000)}`);
  }

  /** Every five seconds: signs of life, and whether there is still a reason to stay. */
  #beat(): void {
    const {areaPath, idleTimeoutS} = this.#settings;
    const record = readServerRecord(areaPath);
    try {
      if (record?.serverId === this.#serverId) {
        touch(join(areaPath, '.server'));
      } else if (record === undefined) {
        this.#announce();
      }
      this.#log.touch();
    } catch (error) {
      this.#log.write(
        'WARNING',
        `the area cannot be written: ${error instanceof Error ? error.message : error}`,
      );
    }
    this.#must().lookAround();
    if (!existsSync(this.#working)) {
      this.#log.write(
        'WARNING',
        `${this.#working} was removed while the daemon runs; it ends, and the next one makes it anew`,
      );
      this.#recreateWorking();
    }
    const isIdle = this.#must().isIdle && this.#clients.size === 0 && !this.#mustSync().isDirty;
    if (isIdle && performance.now() - this.#lastCallMs > idleTimeoutS * 1000) {
      void this.#shutdown(`idle for ${idleTimeoutS} seconds`);
    }
  }

  /** The open handle still reads the removed file: write it out again, and leave so that everybody opens the new one. */
  #recreateWorking(): void {
    try {
      this.#db?.prepare('VACUUM INTO ?').run(this.#working);
    } finally {
      void this.#shutdown('the working database was removed');
    }
  }

  #onSyncProblem(
    report:
      | {readonly kind: 'lostLease'; readonly owner: string}
      | {readonly kind: 'restored'; readonly seq: number; readonly expectedSeq: number}
      | {readonly kind: 'failed'; readonly message: string},
  ): void {
    switch (report.kind) {
      case 'lostLease':
        this.#log.write(
          'ERROR',
          `another daemon (${report.owner}) writes ${this.#areaFile} now; this one ends`,
        );
        void this.#shutdown('lost the lease', 1);
        return;
      case 'restored':
        this.#log.write(
          'ERROR',
          `${this.#areaFile} is older than what was written last (flush ${report.seq}, expected ${report.expectedSeq}): was it restored? Use -import-megatest.db to take it, or -sync-to-megatest.db to overwrite it`,
        );
        return;
      case 'failed':
        this.#log.write('WARNING', `could not write ${this.#areaFile}, will try again: ${report.message}`);
        return;
    }
  }

  #status(): ServerStatus {
    const homehost = this.#must();
    return {
      area: this.#settings.areaPath,
      areaName: this.#settings.areaName,
      serverId: this.#serverId,
      host: hostname(),
      port: this.#port,
      pid: process.pid,
      version: PROGRAM_VERSION,
      uptimeS: Math.round((Date.now() - this.#startMs) / 1000),
      memoryBytes: process.memoryUsage.rss(),
      sync: this.#mustSync().status(),
      clients: [...this.#clients],
      managers: homehost.managers
        .all()
        .map(({id, host, user, pid}) => ({id, host, user, pid, tests: homehost.managers.testsOf(id)})),
      drivers: [...homehost.drivers.values()]
        .filter((driver) => driver.stage !== 'ended')
        .map((driver) => {
          const {target, runName, manager} = driver.submission;
          const isThere = homehost.managers.find(manager.host, manager.user) !== undefined;
          return {
            id: driver.id,
            target,
            runName,
            waitsFor: isThere ? null : `a manager of ${manager.user} on ${manager.host}`,
          };
        }),
      calls: this.#calls,
    };
  }

  #onHttp(request: IncomingMessage, response: ServerResponse): void {
    const {method, url} = request;
    if (url === '/rpc' && method === 'POST') {
      void this.#mustServe().post(request, response);
    } else if (url === '/health' && method === 'GET') {
      const body = {
        area: this.#settings.areaPath,
        serverId: this.#serverId,
        uptimeS: Math.round((Date.now() - this.#startMs) / 1000),
      };
      response.writeHead(200, {'content-type': 'application/json'}).end(`${JSON.stringify(body)}\n`);
    } else if (url === '/metrics' && method === 'GET') {
      response
        .writeHead(200, {'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8'})
        .end(printMetrics(this.#status(), this.#must().writes, this.#mustServe().unanswered));
    } else {
      response.writeHead(404).end();
    }
  }

  /** Stops accepting, flushes, gives everything back. */
  async #shutdown(reason: string, exitCode = 0): Promise<void> {
    if (this.#isLeaving) {
      return;
    }
    this.#isLeaving = true;
    this.#log.write('INFO', `leaving: ${reason}`);
    const limit = setTimeout(() => {
      this.#log.write('ERROR', `did not end within ${shutdownLimitMs / 1000} seconds`);
      process.exit(1);
    }, shutdownLimitMs);
    this.#tcp.close();
    this.#local.close();
    this.#rpc?.closeAll();
    await this.#syncer?.close();
    const {areaPath} = this.#settings;
    if (readServerRecord(areaPath)?.serverId === this.#serverId) {
      rmSync(join(areaPath, '.server'), {force: true});
    }
    if (exitCode === 0 && existsSync(this.#areaFile)) {
      setSyncOwner(this.#areaFile, '');
    }
    this.#db?.pragma('wal_checkpoint(TRUNCATE)');
    this.#db?.close();
    this.#log.write('INFO', 'all results are in megatest.db');
    clearTimeout(limit);
    this.#leave(exitCode);
  }

  #must(): Homehost {
    if (this.#homehost === undefined) {
      throw new Error('the databases are not open yet');
    }
    return this.#homehost;
  }

  #mustServe(): RpcServer<typeof daemonMethods> {
    if (this.#rpc === undefined) {
      throw new Error('the daemon does not listen yet');
    }
    return this.#rpc;
  }

  #mustSync(): Syncer {
    if (this.#syncer === undefined) {
      throw new Error('the databases are not open yet');
    }
    return this.#syncer;
  }
}

/** A free port from `lowport` up, chosen at random so that many daemons of one host do not queue for the same. */
async function listenSomewhere(
  server: Server,
  lowport: number,
  address: string | undefined,
): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = lowport + Math.floor(Math.random() * (highestPort - lowport));
    const isOurs = await new Promise<boolean>((resolve, reject) => {
      const onError = (error: NodeJS.ErrnoException) =>
        error.code === 'EADDRINUSE' ? resolve(false) : reject(error);
      server.once('error', onError);
      server.listen({port, ...(address === undefined ? {} : {host: address})}, () => {
        server.off('error', onError);
        resolve(true);
      });
    });
    if (isOurs) {
      return port;
    }
  }
  throw new UserError(`no free port between ${lowport} and ${highestPort}`, {hint: 'set [server] lowport'});
}

/** The last lines of the daemon's log, for a message about a daemon that does not come up. */
export function tailOf(path: string, lines = 20): string {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
}

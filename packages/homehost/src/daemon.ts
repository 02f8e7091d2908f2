/**
 * The daemon process: takes the one place that an area has for a daemon, brings M and T together, listens, and leaves in order
 * (spec homehost.md 6.5 to 6.8). `starting` -> `serving` -> `leaving`; a second signal while leaving ends it at once.
 */
import {randomUUID} from 'node:crypto';
import {existsSync, mkdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import type {Server as TlsServer} from 'node:https';
import {hostname, userInfo} from 'node:os';
import {basename, dirname, join} from 'node:path';
import {
  type ClientInfo,
  daemonMethods,
  ensureKey,
  fileServerNowMs,
  isHomehost,
  keyFile,
  keyMode,
  ownAddress,
  PROTOCOL,
  processStart,
  RpcServer,
  readServerRecord,
  type ServerStatus,
  startManager,
  touch,
  viewerKeyMode,
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
  tombstoneDays,
  workingDirectory,
  writeMergeLog,
} from '@megatest/store';
import {DaemonLog} from './daemon-log.ts';
import {listenSomewhere, takePlace} from './daemon-place.ts';
import {Doctor} from './doctor.ts';
import {handOverTo} from './hand-over.ts';
import {makeHandlers} from './handlers.ts';
import {Homehost} from './homehost.ts';
import {answerHttp, type HttpPages} from './http-pages.ts';
import {jobLogPath} from './job-logs.ts';
import {rotateLogs} from './log-rotation.ts';
import {Panel} from './panel/panel.ts';
import type {DaemonSettings} from './settings.ts';
import {statusOf} from './status.ts';
import {type FlushProblem, Syncer} from './syncer.ts';
import {Views} from './views/views.ts';
import {WebAccess, webAddress} from './web/web-access.ts';

export type DaemonOptions = {
  readonly settings: DaemonSettings;
  /** The bundled thread that flushes M into T. */
  readonly syncWorkerPath: string;
  /** The bundled thread that answers what views ask. */
  readonly viewWorkerPath: string;
  /** The bundled manager. */
  readonly managerPath: string;
};

const heartbeatMs = 5000;
const shutdownLimitMs = 15_000;
const complaintPauseMs = 60_000;
/** The one thread that answers everybody must not wait for somebody's lock; the group committer asks again. */
const mostBusyMs = 5;
/** Stored answers of commands are kept this long. */
const keepDoneS = 7 * 86_400;
const keepUsageS = 7 * 86_400;

/** Runs until the daemon is asked to leave; resolves with the exit code of the process. */
export async function runDaemon(options: DaemonOptions): Promise<number> {
  const {settings} = options;
  const local = createServer();
  if (!(await takePlace(local, settings.areaPath))) {
    rmSync(join(settings.areaPath, '.starting-server'), {force: true});
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

class Daemon {
  readonly #settings: DaemonSettings;
  readonly #options: DaemonOptions;
  readonly #local: Server;
  #tcp: Server | TlsServer = createServer();
  #fingerprint: string | undefined;
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
  #panel: Panel | undefined;
  #views: Views | undefined;
  #rpc: RpcServer<typeof daemonMethods> | undefined;
  readonly #web: WebAccess;
  #lastCallMs = performance.now();
  #port = 0;
  #workingInode: number | undefined;
  /** Where the rows of a removed M were written. */
  #rescued: string | undefined;
  /** `.homehost` named this host at the start; when it names another later, the area has moved. */
  #isHomehost = false;
  #writesPerS = 0;
  #writesAtBeat = 0;
  #beats = 0;
  #lastComplaintMs = Number.NEGATIVE_INFINITY;
  #leave: (exitCode: number) => void = () => {};
  #isLeaving = false;
  /** The lease is another daemon's. */
  #hasLost = false;
  /** The marks of the last flush, on their way to M. */
  #noted: Promise<void> = Promise.resolve();

  constructor(options: DaemonOptions, local: Server, log: DaemonLog) {
    this.#options = options;
    this.#settings = options.settings;
    this.#local = local;
    this.#log = log;
    const {areaPath, areaName} = this.#settings;
    this.#working = join(workingDirectory({path: areaPath, name: areaName}), 'megatest.db');
    this.#areaFile = join(areaPath, 'megatest.db');
    this.#web = new WebAccess(this.#settings, {
      address: () => webAddress(this.#tcp, this.#settings.tls),
      log: (level, text) => log.write(level, text),
    });
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
    this.#homehost?.restore();
    void this.#rotateLogs();
    const timer = setInterval(() => this.#beat(), heartbeatMs);
    const exitCode = await left;
    clearInterval(timer);
    return exitCode;
  }

  #openDatabases(): void {
    const {areaPath, areaName, keys, syncIntervalS, syncMarginS, warnings} = this.#settings;
    makePrivateDirectory(workingDirectory({path: areaPath, name: areaName}));
    const outcome = reconcile({
      working: this.#working,
      area: this.#areaFile,
      keys,
      nowS: Math.floor(Date.now() / 1000),
      marginS: syncMarginS,
    });
    for (const message of outcome.messages) {
      this.#log.plain(message);
    }
    for (const warning of warnings) {
      this.#log.write('WARNING', warning);
    }
    setSyncOwner(this.#areaFile, this.#serverId);
    this.#db = openWorking(this.#working);
    this.#workingInode = inodeOf(this.#working);
    this.#isHomehost = isHomehost(areaPath);
    const homehost = new Homehost({
      db: this.#db,
      log: (level, text) => this.#log.write(level, text),
      onCommit: () => {
        this.#syncer?.noteCommit();
        this.#views?.committed();
      },
      jobs: {
        settings: this.#settings.jobs,
        areaPath,
      },
      // Commands of jobs run in a manager, and their owner may have gone long ago.
      startManager: () => this.#startManager(),
    });
    homehost.store.pruneDone(homehost.nowS() - keepDoneS);
    homehost.store.usage.prune(homehost.nowS() - keepUsageS);
    homehost.store.pruneTombstones(homehost.nowS() - tombstoneDays * 86_400);
    homehost.store.locks.releaseLasting();
    this.#homehost = homehost;
    this.#views = new Views({
      workerPath: this.#options.viewWorkerPath,
      path: this.#working,
      mostCells: this.#settings.dashboard['index-cells'],
      changeLog: homehost.changeLog,
      palette: homehost.palette,
      tellGrid: (grid, news) => homehost.feed.tellGrid(grid, news),
      warn: (text) => this.#log.write('WARNING', text),
    });
    this.#db.pragma(`busy_timeout = ${mostBusyMs}`);
    this.#syncer = new Syncer({
      workerPath: this.#options.syncWorkerPath,
      working: this.#working,
      area: this.#areaFile,
      owner: this.#serverId,
      intervalS: syncIntervalS,
      marginS: syncMarginS,
      writes: () => homehost.writes,
      onFlushed: ({stamp, seq, merged, madeAnew}) => {
        this.#noted = homehost.noteFlush({stamp, seq}).catch((error: unknown) => {
          this.#log.write('WARNING', `the marks of flush ${seq} could not be written: ${error}`);
        });
        this.#rpc?.notifyAll('sync.flushed', {stamp, seq});
        if (madeAnew) {
          this.#log.write('INFO', `${this.#areaFile} was gone; it was made anew from ${this.#working}`);
        }
        if (merged !== undefined) {
          homehost.takeForeign(merged.testIds);
          this.#log.plain(writeMergeLog(this.#areaFile, merged, homehost.nowS()));
        }
      },
      onProblem: (report) => this.#onSyncProblem(report),
      warn: (text) => this.#log.write('WARNING', text),
    });
    void homehost.write(() => homehost.store.setMeta('SERVER_ID', this.#serverId));
  }

  /** The manager of this user on this host. */
  #startManager(): void {
    const {areaPath, areaName} = this.#settings;
    this.#log.write('INFO', 'starting a manager');
    startManager(this.#options.managerPath, {path: areaPath, name: areaName}, hostname());
  }

  async #listen(): Promise<void> {
    const {areaPath, lowport, hostname: bindAddress, spaceRequiredKiB} = this.#settings;
    const homehost = this.#must();
    const readWrite = ensureKey(keyFile(areaPath, 'rw'), keyMode(areaPath));
    const readOnly = ensureKey(keyFile(areaPath, 'ro'), viewerKeyMode(this.#areaFile));
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
    const doctor = new Doctor({
      areaPath,
      spaceRequiredKiB,
      working: this.#working,
      areaFile: this.#areaFile,
      workerPath: this.#options.syncWorkerPath,
      managers: homehost.managers,
      status: () => this.#status(),
      syncProblem: () => this.#mustSync().problemText,
    });
    const panel = new Panel({
      workerPath: this.#options.syncWorkerPath,
      working: this.#working,
      ownManager: homehost.ownManager,
    });
    this.#panel = panel;
    const handlers = makeHandlers({
      homehost,
      panel,
      settings: this.#settings,
      views: this.#mustView(),
      audit: (entry) => this.#log.audit(entry),
      warn: (text) => this.#log.write('WARNING', text),
      barrier: async (isFull) => await this.#mustSync().barrier(isFull),
      syncStatus: () => this.#mustSync().status(),
      serverStatus: () => this.#status(),
      doctor: async (connection) => await doctor.examine(connection),
      shutdown: (reason) => void this.#shutdown(reason),
      loginLink: (connection, path) => this.#web.makeLink(connection, path),
      sessionToken: ({client, role}) => this.#mustServe().tokens.make({client, role}),
    });
    this.#rpc = new RpcServer({
      methods: daemonMethods,
      handlers,
      areaPath,
      serverId: this.#serverId,
      protocol: PROTOCOL,
      keys: {rw: readWrite.key, ro: readOnly.key},
      origin: this.#web.origin,
      wrongAnswers: this.#web.wrongAnswers,
      findVisit: this.#web.login?.findVisit,
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
    const pages: HttpPages = {
      post: async (request, response) => await this.#mustServe().post(request, response),
      status: () => this.#status(),
      webLogin: this.#web.login,
    };
    if (this.#settings.tls) {
      const {createTlsServer} = await import('./tls-server.ts');
      const {server, fingerprint, messages} = await createTlsServer(dirname(this.#working));
      this.#tcp = server;
      this.#fingerprint = fingerprint;
      for (const message of messages) {
        this.#log.plain(message);
      }
    }
    for (const server of [this.#local, this.#tcp]) {
      this.#web.attach(server);
      server.on('request', (request, response) => answerHttp(request, response, pages));
    }
    this.#rpc.attach(this.#local);
    this.#rpc.attach(this.#tcp, this.#fingerprint);
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
      pidStart: processStart(process.pid),
      uid: process.getuid?.() ?? 0,
      user: userInfo().username,
      serverId: this.#serverId,
      startTime: Math.floor(this.#startMs / 1000),
      protocol: PROTOCOL,
      version: PROGRAM_VERSION,
      tls: this.#fingerprint === undefined ? null : {fingerprint: this.#fingerprint},
      dbPath: this.#working,
      socket: `megatest:${areaHash(areaPath)}`,
    });
    rmSync(join(areaPath, '.starting-server'), {force: true});
    this.#log.plain(`SERVER STARTED: ${ip}:${this.#port} AT ${Math.floor(this.#startMs / 1000)}`);
  }

  async #rotateLogs(): Promise<void> {
    const {areaPath, logExpireDays} = this.#settings;
    try {
      const done = await rotateLogs({
        folder: join(areaPath, 'logs'),
        // This daemon's own; its start goes on in the second.
        inUse: [
          basename(this.#log.path),
          'server.log',
          ...this.#must().jobs.atWork.map((id) => basename(jobLogPath(id))),
        ],
        expireDays: logExpireDays,
        nowMs: fileServerNowMs(areaPath),
      });
      if (done.length > 0) {
        this.#log.write('INFO', `packed or removed ${done.length} old logs`);
      }
    } catch (error) {
      this.#log.write('WARNING', `old logs could not be packed: ${error}`);
    }
  }

  /** Every five seconds: signs of life, and whether there is still a reason to stay; what costs more every second time. */
  #beat(): void {
    this.#beats += 1;
    const isSecond = this.#beats % 2 === 0;
    const {areaPath, idleTimeoutS} = this.#settings;
    const {writes} = this.#must();
    this.#writesPerS = ((writes - this.#writesAtBeat) * 1000) / heartbeatMs;
    this.#writesAtBeat = writes;
    const record = readServerRecord(areaPath);
    try {
      if (record?.serverId === this.#serverId) {
        touch(join(areaPath, '.server'));
      } else if (record === undefined) {
        this.#announce();
      }
      if (isSecond) {
        this.#log.touch();
      }
    } catch (error) {
      this.#log.write(
        'WARNING',
        `the area cannot be written: ${error instanceof Error ? error.message : error}`,
      );
    }
    this.#must().lookAround();
    this.#web.login?.sweep();
    void this.#syncer?.lookAtArea();
    if (inodeOf(this.#working) !== this.#workingInode) {
      this.#rescueWorking();
    }
    if (isSecond && this.#isHomehost && !isHomehost(areaPath)) {
      void this.#shutdown('the homehost has moved');
    }
    const isIdle = this.#must().isIdle && this.#clients.size === 0 && !this.#mustSync().isDirty;
    if (isIdle && performance.now() - this.#lastCallMs > idleTimeoutS * 1000) {
      void this.#shutdown(`idle for ${idleTimeoutS} seconds`);
    }
  }

  /**
   * M was removed under the open handle, which still reads it: its rows are written beside, and put in place when this daemon has
   * left, so that everybody opens the same file again.
   */
  #rescueWorking(): void {
    if (this.#isLeaving) {
      return;
    }
    const rescued = `${this.#working}.rescued-${process.pid}`;
    mkdirSync(dirname(this.#working), {recursive: true, mode: 0o700});
    rmSync(rescued, {force: true});
    this.#db?.prepare('VACUUM INTO ?').run(rescued);
    this.#rescued = rescued;
    this.#log.write(
      'WARNING',
      `${this.#working} was removed while the daemon ran; its rows are written out again`,
    );
    void this.#shutdown('the working database was removed');
  }

  #onSyncProblem(report: FlushProblem): void {
    switch (report.kind) {
      case 'lostLease':
        void this.#leaveTo(report.owner);
        return;
      case 'foreign':
      case 'restored': {
        const found =
          report.kind === 'foreign'
            ? 'is another database'
            : `is at flush ${report.seq}, expected ${report.expectedSeq}`;
        this.#complain(
          'ERROR',
          `${this.#areaFile} ${found}: was it restored? Use -import-megatest.db to take it, or -sync-to-megatest.db to overwrite it`,
        );
        return;
      }
      case 'workingGone':
        this.#rescueWorking();
        return;
      case 'failed':
        this.#complain('WARNING', `could not write ${this.#areaFile}, will try again: ${report.message}`);
        return;
    }
  }

  /** Another daemon has the area: it gets what only this one knows, and a copy of all of it stays. */
  async #leaveTo(owner: string): Promise<void> {
    if (this.#hasLost || this.#isLeaving) {
      return;
    }
    this.#hasLost = true;
    this.#rpc?.leave();
    const {areaPath, syncMarginS} = this.#settings;
    const copy = join(areaPath, 'logs', `unsynced-${Math.floor(Date.now() / 1000)}.db`);
    this.#db?.prepare('VACUUM INTO ?').run(copy);
    const sinceS = Number(this.#must().store.getMeta('SYNC_STAMP') ?? '0') - syncMarginS;
    const fate = await handOverTo({areaPath, owner, copy, sinceS});
    this.#log.write(
      'ERROR',
      `another daemon (${owner}) writes ${this.#areaFile} now; this one ends. What it knew is in ${copy}; ${fate}`,
    );
    await this.#shutdown('lost the lease', 1);
  }

  /** Says a thing that lasts once a minute, not once a second. */
  #complain(level: 'WARNING' | 'ERROR', text: string): void {
    if (performance.now() - this.#lastComplaintMs > complaintPauseMs) {
      this.#lastComplaintMs = performance.now();
      this.#log.write(level, text);
    }
  }

  #status(): ServerStatus {
    const {areaPath, areaName} = this.#settings;
    return {
      area: areaPath,
      areaName,
      serverId: this.#serverId,
      host: hostname(),
      port: this.#port,
      pid: process.pid,
      version: PROGRAM_VERSION,
      uptimeS: Math.round((Date.now() - this.#startMs) / 1000),
      memoryBytes: process.memoryUsage.rss(),
      writesPerS: this.#writesPerS,
      unanswered: this.#mustServe().unanswered,
      sync: this.#mustSync().status(),
      clients: [...this.#clients],
      calls: this.#calls,
      ...statusOf(this.#must()),
    };
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
    this.#rpc?.leave();
    // A disk that takes no writes is told by the flush.
    await this.#homehost?.leave().catch(() => {});
    await this.#homehost?.jobs.logs.written();
    await this.#panel?.close();
    // What was committed last is answered in this turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    this.#rpc?.notifyAll('server.goingDown', {reason});
    this.#homehost?.feed.tellMode('goingDown', reason);
    this.#rpc?.closeAll();
    await this.#views?.close();
    if (this.#rescued === undefined) {
      await this.#syncer?.close();
    }
    const {areaPath} = this.#settings;
    if (readServerRecord(areaPath)?.serverId === this.#serverId) {
      rmSync(join(areaPath, '.server'), {force: true});
    }
    if (exitCode === 0 && existsSync(this.#areaFile)) {
      this.#releaseLease();
    }
    await this.#noted;
    const isFlushed = this.#rescued === undefined && this.#syncer?.problem === undefined;
    this.#db?.pragma('wal_checkpoint(TRUNCATE)');
    this.#db?.close();
    if (this.#rescued !== undefined) {
      for (const suffix of ['-wal', '-shm']) {
        rmSync(this.#working + suffix, {force: true});
      }
      renameSync(this.#rescued, this.#working);
    }
    if (isFlushed) {
      this.#log.write('INFO', 'all results are in megatest.db');
    } else {
      this.#log.write(
        'WARNING',
        `megatest.db is behind; the next daemon here brings it up to date from ${this.#working}`,
      );
    }
    // The place is given back last: until then another daemon that is started finds this one.
    this.#rpc?.closeAll();
    this.#local.close();
    clearTimeout(limit);
    this.#leave(exitCode);
  }

  #releaseLease(): void {
    try {
      setSyncOwner(this.#areaFile, '');
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      this.#log.write('WARNING', `could not give back the lease in ${this.#areaFile}: ${cause}`);
    }
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

  #mustView(): Views {
    if (this.#views === undefined) {
      throw new Error('the databases are not open yet');
    }
    return this.#views;
  }

  #mustSync(): Syncer {
    if (this.#syncer === undefined) {
      throw new Error('the databases are not open yet');
    }
    return this.#syncer;
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, {throwIfNoEntry: false})?.ino;
}

/**
 * The manager of one host, user and area: plans, launches and runs tests, many at once, and tells the daemon of them
 * (spec homehost.md 1.11, 9.12).
 *
 * `starting` -> `serving` (it holds the local socket) -> `leaving` (nothing to do for a while, or asked to). Leaving never touches a
 * test: what is still running is adopted by the next manager, from the launch log and the files in the run directories.
 */
import {randomBytes} from 'node:crypto';
import {existsSync} from 'node:fs';
import {createServer, type Server} from 'node:http';
import {availableParallelism, hostname, loadavg, userInfo} from 'node:os';
import {join} from 'node:path';
import {
  type DaemonClient,
  type DaemonMethods,
  decideHomehost,
  ensureKey,
  ensureManagerDirectory,
  type Finding,
  type Homehost,
  localMethods,
  makeDaemonClient,
  managerCallsDirectory,
  managerKeyFile,
  managerLogFile,
  managerMethods,
  managerSocket,
  type PassingRefusal,
  PROGRAM_VERSION,
  PROTOCOL,
  ProgramFile,
  processStart,
  type ResultOf,
  RpcServer,
  startDaemon,
  startManager,
  startMessages,
  UPGRADE,
  withoutTestVariables,
} from '@megatest/rpc';
import * as z from 'zod';
import {examineHost} from './doctor/examine-host.ts';
import {leaveGroupOfTest, sweepGroups} from './execution/control-group.ts';
import {removeFreeGroups} from './execution/group-pool.ts';
import {removeRunDirectory} from './execution/run-directory.ts';
import {SmallSpawner} from './execution/spawner.ts';
import {TestconfigLoader} from './execution/testconfig-loader.ts';
import {FollowUps} from './follow-ups.ts';
import {CallServer} from './helper/call-server.ts';
import {Journal} from './journal.ts';
import {BatchJobs} from './launch/batch-jobs.ts';
import {HostLoads} from './launch/host-load.ts';
import {JobSubmitter} from './launch/job-submitter.ts';
import {LaunchLog} from './launch-log.ts';
import {ManagedTests, type ReadHelperCall} from './managed-tests.ts';
import {ManagerJobs} from './manager-jobs.ts';
import {ManagerLog} from './manager-log.ts';
import {Planning} from './planning.ts';
import {runPreHook} from './pre-hook.ts';
import {readData} from './read-data.ts';
import {Submissions} from './submissions.ts';
import {batchWorld, type ManagerParts} from './worlds.ts';

/** What a manager is started with, as JSON. */
export const managerSettings = z.object({
  area: z.object({path: z.string(), name: z.string()}),
  /** `[server] homehost` of the area's config. */
  homehost: z.string().nullable(),
});

export type ManagerPrograms = {
  /** The `megatest` command: what tests are told, and what starts a daemon. */
  readonly executable: string;
  /** The bundled planning child. */
  readonly planner: string;
  /** What starts the shells of steps: spawner.pl. */
  readonly spawner: string;
  /** The bundled process that reads a database. */
  readonly dataReader: string;
  readonly readHelperCall: ReadHelperCall;
};

const heartbeatMs = 3000;
const idleLimitMs = 30_000;
/** Who has made a daemon leave for a newer one has this long to start it. */
const replacementMs = 60_000;

/** Runs until there is nothing left to do; resolves with the exit code of the process. */
export async function runManager(settingsText: string, programs: ManagerPrograms): Promise<number> {
  const settings = managerSettings.parse(JSON.parse(settingsText));
  const local = createServer();
  const socket = managerSocket(settings.area.path, process.getuid?.() ?? 0);
  const isFirst = await new Promise<boolean>((resolve, reject) => {
    local.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    local.listen({path: socket}, () => resolve(true));
  });
  if (!isFirst) {
    return 0;
  }
  leaveGroupOfTest();
  sweepGroups();
  return await new Manager(settings, programs, local).run();
}

type Registered = ResultOf<DaemonMethods, 'manager.register'>;

class Manager {
  readonly #area: {readonly path: string; readonly name: string};
  readonly #local: Server;
  readonly #id = randomBytes(8).toString('hex');
  readonly #log: ManagerLog;
  readonly #submissions: Submissions;
  readonly #launches: LaunchLog;
  readonly #journal: Journal;
  readonly #daemon: DaemonClient;
  /** Where the front of the `megatest` command finds this manager. */
  readonly #callsDirectory: string;
  readonly #planning: Planning;
  readonly #submitter: JobSubmitter;
  readonly #batch: BatchJobs;
  readonly #tests: ManagedTests;
  readonly #jobs: ManagerJobs;
  /** Its own: steps are started under those of their submissions. */
  readonly #umask = process.umask();
  #busyMs = performance.now();
  /** When the daemon left for a newer one. */
  #replacedMs = Number.NEGATIVE_INFINITY;
  readonly #program = new ProgramFile();
  readonly #executable: string;
  #examining: Promise<readonly Finding[]> | undefined;
  #refusal = '';
  #hasSuccessor = false;
  readonly #homehostName: string | undefined;
  #leave: (exitCode: number) => void = () => {};

  constructor(settings: z.output<typeof managerSettings>, programs: ManagerPrograms, local: Server) {
    const {area} = settings;
    this.#area = area;
    this.#homehostName = settings.homehost ?? undefined;
    this.#local = local;
    this.#executable = programs.executable;
    const directory = ensureManagerDirectory(area);
    this.#log = new ManagerLog(managerLogFile(area));
    this.#callsDirectory = managerCallsDirectory(area);
    this.#submissions = new Submissions(directory);
    this.#planning = new Planning(area.path, programs.planner, this.#submissions, this.#log.write);
    this.#launches = new LaunchLog(join(directory, 'launches.jsonl'));
    const homehost = decideHomehost(area.path, this.#homehostName);
    this.#daemon = makeDaemonClient({
      areaPath: area.path,
      homehost,
      kind: 'manager',
      giveUpS: undefined,
      startDaemon: async () => {
        // A daemon that somebody stopped stays stopped while there is nothing to tell it.
        const isBeingReplaced = performance.now() - this.#replacedMs < replacementMs;
        if (this.#isBusy && !isBeingReplaced) {
          startDaemon({areaPath: area.path, areaName: area.name, homehost, executable: programs.executable});
        }
      },
      onNotification: (name, params) => {
        if (name === 'server.goingDown' && 'reason' in params && params.reason === UPGRADE) {
          this.#replacedMs = performance.now();
        }
      },
      onPassingRefusal: (refusal) => this.#onRefused(refusal),
      onLost: () => {
        if (!this.#isBusy) {
          this.#stop('the daemon has left, and there is nothing to do');
        }
      },
      describeStart: () => startMessages(area.path),
      warn: (text) => this.#log.write(`WARNING: ${text}`),
      serves: managerMethods,
      handlers: {
        'manager.plan': async (params) => await this.#planning.plan(params),
        'manager.expandItems': async (params) => await this.#planning.expandItems(params),
        'manager.preHook': async ({submission, command}) => {
          const {env} = this.#planning.submitted(submission.uuid);
          const context = await this.#planning.contextOf(
            submission,
            this.#planning.submitted(submission.uuid),
          );
          const {target, runName} = submission;
          return {exitCode: await runPreHook({command, target, runName, env, context})};
        },
        'manager.launch': ({submission, launches}) => {
          this.#tests.order(submission, launches);
          return null;
        },
        'manager.kill': ({tests}) => {
          for (const {testId, reason} of tests) {
            this.#tests.kill(testId, reason);
          }
          return null;
        },
        'manager.clean': ({tests}) => tests.map((test) => this.#clean(test)),
        'manager.closeSubmission': ({uuid}) => {
          this.#submissions.close(uuid);
          this.#tests.sweep();
          // Lost with the connection; the looks at the jobs end it too.
          void this.#batch
            .dropEnded()
            .then(() => {
              if (this.#batch.size === 0) {
                this.#submitter.forgetPilots();
              }
            })
            .catch(() => {});
          return null;
        },
        'manager.doctor': async () => await this.#examine(homehost),
        'manager.describe': async ({what}) => await this.#planning.describe(what),
        'manager.testFiles': async ({testName}) => await this.#planning.testFiles(testName),
        'manager.readData': async ({question}) => await readData(programs.dataReader, question),
        'manager.openSubmission': ({uuid, target}) => {
          const env = {...withoutTestVariables(process.env), MT_TARGET: target};
          this.#busyMs = performance.now();
          this.#submissions.putOwn(uuid, {env, cwd: area.path, umask: this.#umask});
          return null;
        },
        'manager.job': (claimed) => {
          this.#busyMs = performance.now();
          this.#jobs.order(claimed);
          return null;
        },
        'manager.endJob': ({id, reason}) => {
          this.#jobs.end(id, reason);
          return null;
        },
        'manager.importPackets': async ({dir}) => await this.#planning.importPackets(dir),
        'manager.stop': ({reason}) => {
          this.#stop(reason);
          return null;
        },
      },
      onConnected: async (_, ask) => {
        const answer = (await ask('manager.register', {
          managerId: this.#id,
          host: hostname(),
          user: userInfo().username,
          uid: process.getuid?.() ?? 0,
          pid: process.pid,
          pidStart: processStart(process.pid),
          cpus: availableParallelism(),
          launches: [...this.#launches.open, ...this.#journal.unheardEnds].map(({testId, launchId}) => ({
            testId,
            launchId,
          })),
          jobs: [...this.#jobs.open, ...this.#journal.unheardJobs],
        })) as Registered;
        this.#onRegistered(answer);
      },
    });
    this.#journal = new Journal(join(directory, 'journal.jsonl'), async (journalId, entries) => {
      const {done} = await this.#daemon.call('manager.report', {journalId, entries: [...entries]});
      return done;
    });
    this.#submitter = new JobSubmitter(this.#log.write);
    const parts: ManagerParts = {
      daemon: this.#daemon,
      journal: this.#journal,
      launches: this.#launches,
      followUps: new FollowUps(this.#daemon, this.#journal, this.#log),
      loader: new TestconfigLoader(async (env, testDir) => await this.#planning.testconfig(env, testDir)),
      hostLoads: new HostLoads(),
      submitter: this.#submitter,
      spawner: new SmallSpawner([programs.spawner, area.path]),
      log: this.#log,
      executable: programs.executable,
      callsDirectory: this.#callsDirectory,
    };
    this.#batch = new BatchJobs(batchWorld(parts));
    this.#tests = new ManagedTests(parts, {
      planning: this.#planning,
      submissions: this.#submissions,
      batch: this.#batch,
      readHelperCall: programs.readHelperCall,
    });
    this.#jobs = new ManagerJobs({
      areaPath: area.path,
      directory,
      executable: programs.executable,
      umask: this.#umask,
      journal: this.#journal,
      spawner: parts.spawner,
      log: this.#log.write,
    });
  }

  async run(): Promise<number> {
    const left = new Promise<number>((resolve) => {
      this.#leave = resolve;
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => this.#stop(`got ${signal}`));
    }
    this.#serve();
    this.#planning.prepare();
    this.#tests.adoptAll();
    this.#jobs.adoptAll();
    void this.#daemon.connect().catch((error: unknown) => {
      this.#log.write(`ERROR: ${error instanceof Error ? error.message : error}`);
      this.#leave(1);
    });
    this.#journal.kick();
    const calls = new CallServer(this.#callsDirectory, async (call) => await this.#tests.answerFront(call));
    const timer = setInterval(() => this.#beat(), heartbeatMs);
    const exitCode = await left;
    clearInterval(timer);
    calls.close();
    removeFreeGroups();
    this.#local.close();
    this.#daemon.close();
    if (this.#hasSuccessor) {
      startManager(this.#program.path, this.#area, this.#homehostName);
    }
    return exitCode;
  }

  /** The daemon is not of this version. What runs goes on, and what it says is kept, until a manager of the other version takes over. */
  #onRefused({message}: PassingRefusal): void {
    if (message !== this.#refusal) {
      this.#refusal = message;
      this.#log.write(`ERROR: ${message}`);
    }
    if (this.#program.isReplaced && !this.#hasSuccessor) {
      this.#hasSuccessor = true;
      this.#stop('another version of this program has been put in its place, and takes over');
    }
  }

  #serve(): void {
    const {key} = ensureKey(managerKeyFile(this.#area), 0o600);
    new RpcServer({
      methods: localMethods,
      handlers: {
        'submission.open': ({uuid, env, cwd, umask}) => {
          this.#submissions.put(uuid, {env, cwd, umask, context: null});
          this.#busyMs = performance.now();
          return {host: hostname(), user: userInfo().username};
        },
        'execute.handOver': async (params) => ({exitCode: await this.#tests.handOver(params)}),
        'execute.interrupt': async ({launchId, signal}) => {
          await this.#tests.interrupt(launchId, signal);
          return null;
        },
        'helper.report': async ({entries}) => {
          await this.#tests.reportOfScript(entries);
          return null;
        },
        'manager.status': () => ({
          pid: process.pid,
          tests: this.#tests.size,
          testIds: [
            ...this.#launches.open.filter(({stage}) => stage.kind === 'running'),
            ...this.#journal.unheardEnds,
          ].map(({testId}) => testId),
          isConnected: this.#daemon.isConnected,
        }),
        'manager.stop': ({reason}) => {
          this.#stop(reason);
          return null;
        },
      },
      areaPath: this.#area.path,
      serverId: this.#id,
      protocol: PROTOCOL,
      keys: {rw: key, ro: randomBytes(32).toString('hex')},
      welcome: () => ({
        version: PROGRAM_VERSION,
        keys: [],
        serverTimeMs: Date.now(),
        epoch: '',
        lastSeqDone: 0,
      }),
      ping: () => ({pid: process.pid, area: this.#area.path, uptimeS: Math.round(process.uptime())}),
    }).attach(this.#local);
    this.#log.write(`INFO: manager ${this.#id} (pid ${process.pid}) serves ${this.#area.path}`);
  }

  #onRegistered(answer: Registered): void {
    for (const id of answer.forgetJobs) {
      this.#jobs.forget(id);
    }
    for (const launchId of answer.forget) {
      this.#tests.forget(launchId);
    }
    this.#submissions.keepOnly(answer.submissions);
    this.#tests.sweep();
    this.#journal.kick();
  }

  #beat(): void {
    this.#tests.lookAtMemory();
    // While a run is being driven from here, the daemon wants to know how busy this host is.
    const isOfUse = this.#tests.size > 0 || this.#submissions.size > 0 || this.#jobs.size > 0;
    if (isOfUse && this.#daemon.isConnected) {
      const tests = this.#tests.running.map(({testId, runDurationS}) => ({
        testId,
        runDuration: runDurationS,
      }));
      void this.#daemon
        .call('manager.heartbeat', {
          managerId: this.#id,
          load: loadavg(),
          tests,
          jobs: this.#jobs.open.map(({id}) => id),
        })
        .then(({kill}) => {
          for (const testId of kill) {
            this.#tests.kill(testId, 'killed on request');
          }
        })
        // Lost with the connection; the next one comes in three seconds.
        .catch(() => {});
    }
    this.#submissions.closeAbandoned();
    this.#tests.sweep();
    if (this.#tests.size === 0 && this.#jobs.size === 0 && !existsSync(this.#area.path)) {
      // Nobody is left to be told; what is not yet said stays in the journal.
      this.#stop(`${this.#area.path} is gone`);
    } else if (this.#isBusy) {
      this.#busyMs = performance.now();
    } else if (performance.now() - this.#busyMs > idleLimitMs) {
      this.#stop(`nothing to do for ${idleLimitMs / 1000} seconds`);
    }
  }

  get #isBusy(): boolean {
    return (
      this.#tests.isBusy ||
      this.#jobs.size > 0 ||
      this.#batch.size > 0 ||
      this.#planning.isBusy ||
      this.#submissions.size > 0 ||
      !this.#journal.isEmpty
    );
  }

  #stop(reason: string): void {
    this.#log.write(`INFO: leaving: ${reason}`);
    this.#leave(0);
  }

  /** Who asks while it is being looked gets the same answer. */
  async #examine(homehost: Homehost): Promise<readonly Finding[]> {
    this.#examining ??= this.#planning
      .needs()
      .then(async (needs) =>
        examineHost({needs, env: withoutTestVariables(process.env), homehost, executable: this.#executable}),
      )
      .finally(() => {
        this.#examining = undefined;
      });
    return await this.#examining;
  }

  #clean(test: {readonly testId: number; readonly rundir: string; readonly shortdir: string}) {
    const {testId, rundir, shortdir} = test;
    try {
      removeRunDirectory({rundir, shortdir}, 'run');
      return {testId, ok: true, text: ''};
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      return {testId, ok: false, text: `ERROR: There was a problem removing ${rundir}: ${cause}`};
    }
  }
}

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
  decideHomehost,
  ensureKey,
  ensureManagerDirectory,
  type Launch,
  localMethods,
  makeDaemonClient,
  managerCallsDirectory,
  managerKeyFile,
  managerLogFile,
  managerSocket,
  type PassingRefusal,
  PROGRAM_VERSION,
  PROTOCOL,
  ProgramFile,
  processStart,
  type ReportEntry,
  RpcServer,
  startDaemon,
  startManager,
  startMessages,
  UPGRADE,
} from '@megatest/rpc';
import * as z from 'zod';
import {type CommandInfo, decodeCommandInfo} from './execution/cmdinfo.ts';
import {leaveGroupOfTest, sweepGroups} from './execution/control-group.ts';
import {Execution} from './execution/execution.ts';
import {readRecovery} from './execution/recovery-record.ts';
import {removeRunDirectory} from './execution/run-directory.ts';
import {TestconfigLoader} from './execution/testconfig-loader.ts';
import {FollowUps} from './follow-ups.ts';
import {CallServer, type FrontCall} from './helper/call-server.ts';
import {Journal} from './journal.ts';
import {BatchJobs} from './launch/batch-jobs.ts';
import {HostLoads} from './launch/host-load.ts';
import {JobSubmitter} from './launch/job-submitter.ts';
import {launchTest} from './launch/launch-test.ts';
import {watchSent} from './launch/sent-launch.ts';
import {LaunchLog, type OpenLaunch} from './launch-log.ts';
import {ManagerLog} from './manager-log.ts';
import {Planning, type Submission} from './planning.ts';
import {runPreHook} from './pre-hook.ts';
import {Submissions} from './submissions.ts';
import {batchWorld, executionWorld, launchWorld, type ManagerParts} from './worlds.ts';

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
  /** What the words of a helper call report; `undefined` when they are for the command itself to answer. */
  readonly readHelperCall: (
    words: readonly string[],
    info: CommandInfo,
  ) => Promise<readonly ReportEntry[] | undefined>;
};

const heartbeatMs = 3000;
const idleLimitMs = 30_000;
/** Who has made a daemon leave for a newer one has this long to start it. */
const replacementMs = 60_000;
/** Tests whose memory is looked at in one beat: a look takes a tenth of a millisecond, and all calls wait for it. */
const looksPerBeat = 50;

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

class Manager {
  readonly #area: {readonly path: string; readonly name: string};
  readonly #programs: ManagerPrograms;
  readonly #local: Server;
  readonly #id = randomBytes(8).toString('hex');
  readonly #log: ManagerLog;
  readonly #submissions: Submissions;
  readonly #launches: LaunchLog;
  readonly #journal: Journal;
  readonly #daemon: DaemonClient;
  readonly #loader: TestconfigLoader;
  readonly #executions = new Map<string, {readonly execution: Execution; readonly ended: Promise<number>}>();
  /** What is being taken over from the manager before, by launch id: settled once it is known whether its execution goes on. */
  readonly #adopting = new Map<string, Promise<void>>();
  /** Launches that were killed before their execution began. */
  readonly #killedEarly = new Map<number, string>();
  /** Where the front of the `megatest` command finds this manager. */
  readonly #callsDirectory: string;
  readonly #planning: Planning;
  readonly #followUps: FollowUps;
  readonly #batch: BatchJobs;
  readonly #parts: ManagerParts;
  #handOvers = 0;
  /** How often it has looked at the memory of a test. */
  #looks = 0;
  #busyMs = performance.now();
  /** When the daemon left for a newer one. */
  #replacedMs = Number.NEGATIVE_INFINITY;
  readonly #program = new ProgramFile();
  #refusal = '';
  #hasSuccessor = false;
  readonly #homehostName: string | undefined;
  #leave: (exitCode: number) => void = () => {};

  constructor(settings: z.output<typeof managerSettings>, programs: ManagerPrograms, local: Server) {
    const {area} = settings;
    this.#area = area;
    this.#homehostName = settings.homehost ?? undefined;
    this.#programs = programs;
    this.#local = local;
    const directory = ensureManagerDirectory(area);
    this.#log = new ManagerLog(managerLogFile(area));
    this.#callsDirectory = managerCallsDirectory(area);
    this.#submissions = new Submissions(directory);
    this.#planning = new Planning(area.path, programs.planner, this.#submissions, this.#log.write);
    this.#launches = new LaunchLog(join(directory, 'launches.jsonl'));
    this.#loader = new TestconfigLoader(
      async (env, testDir) => await this.#planning.testconfig(env, testDir),
    );
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
          this.#order(submission, launches);
          return null;
        },
        'manager.kill': ({tests}) => {
          for (const {testId, reason} of tests) {
            this.#kill(testId, reason);
          }
          return null;
        },
        'manager.clean': ({tests}) => tests.map((test) => this.#clean(test)),
        'manager.closeSubmission': ({uuid}) => {
          this.#submissions.close(uuid);
          this.#sweep();
          // Lost with the connection; the looks at the jobs end it too.
          void this.#batch
            .dropEnded()
            .then(() => {
              if (this.#batch.size === 0) {
                this.#parts.submitter.forgetPilots();
              }
            })
            .catch(() => {});
          return null;
        },
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
        })) as {readonly forget: readonly string[]; readonly submissions: readonly string[]};
        this.#onRegistered(answer);
      },
    });
    this.#journal = new Journal(join(directory, 'journal.jsonl'), async (journalId, entries) => {
      const {done} = await this.#daemon.call('manager.report', {journalId, entries: [...entries]});
      return done;
    });
    this.#followUps = new FollowUps(this.#daemon, this.#journal, this.#log);
    this.#parts = {
      daemon: this.#daemon,
      journal: this.#journal,
      launches: this.#launches,
      followUps: this.#followUps,
      loader: this.#loader,
      hostLoads: new HostLoads(),
      submitter: new JobSubmitter(this.#log.write),
      log: this.#log,
      executable: programs.executable,
      callsDirectory: this.#callsDirectory,
    };
    this.#batch = new BatchJobs(batchWorld(this.#parts));
  }

  async run(): Promise<number> {
    const left = new Promise<number>((resolve) => {
      this.#leave = resolve;
    });
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => this.#stop(`got ${signal}`));
    }
    this.#serve();
    this.#adoptAll();
    void this.#daemon.connect().catch((error: unknown) => {
      this.#log.write(`ERROR: ${error instanceof Error ? error.message : error}`);
      this.#leave(1);
    });
    this.#journal.kick();
    const calls = new CallServer(this.#callsDirectory, async (call) => await this.#answerFront(call));
    const timer = setInterval(() => this.#beat(), heartbeatMs);
    const exitCode = await left;
    clearInterval(timer);
    calls.close();
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
        'execute.handOver': async (params) => {
          this.#handOvers += 1;
          try {
            return {exitCode: await this.#handOver(params)};
          } finally {
            this.#handOvers -= 1;
          }
        },
        'execute.interrupt': async ({launchId, signal}) => {
          await this.#executions.get(launchId)?.execution.interrupt(signal);
          return null;
        },
        'helper.report': async ({entries}) => {
          await this.#reportOfScript(entries);
          return null;
        },
        'manager.status': () => ({
          pid: process.pid,
          tests: this.#executions.size,
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

  /** Resolves once the daemon has it. */
  async #reportOfScript(entries: readonly ReportEntry[]): Promise<void> {
    for (const entry of entries) {
      const execution = await this.#executionOf(entry.launchId);
      this.#journal.add((await execution?.noted(entry)) ?? entry);
    }
    await this.#journal.settled();
  }

  async #answerFront({launchId, checksum, words}: FrontCall): Promise<boolean> {
    const execution = await this.#executionOf(launchId);
    if (execution === undefined || !execution.encoded.endsWith(checksum)) {
      return false;
    }
    const entries = await this.#programs.readHelperCall(words, execution.info);
    if (entries === undefined) {
      return false;
    }
    await this.#reportOfScript(entries);
    return true;
  }

  async #executionOf(launchId: string): Promise<Execution | undefined> {
    await this.#adopting.get(launchId);
    return this.#executions.get(launchId)?.execution;
  }

  #onRegistered(answer: {readonly forget: readonly string[]; readonly submissions: readonly string[]}): void {
    for (const launchId of answer.forget) {
      const running = this.#executions.get(launchId);
      if (running !== undefined) {
        void running.execution.kill('a newer launch has taken its place');
      } else {
        this.#launches.end(launchId);
      }
    }
    this.#submissions.keepOnly(answer.submissions);
    this.#sweep();
    this.#journal.kick();
  }

  /** Goes around when there are many. */
  #lookAtMemory(): void {
    const all = [...this.#executions.values()];
    const count = Math.min(all.length, looksPerBeat);
    for (let look = 0; look < count; look += 1) {
      all[(this.#looks + look) % all.length]?.execution.lookAtMemory();
    }
    this.#looks += count;
  }

  #beat(): void {
    this.#lookAtMemory();
    // While a run is being driven from here, the daemon wants to know how busy this host is.
    const isOfUse = this.#executions.size > 0 || this.#submissions.size > 0;
    if (isOfUse && this.#daemon.isConnected) {
      const tests = [...this.#executions.values()].map(({execution}) => ({
        testId: execution.testId,
        runDuration: execution.runDurationS,
      }));
      void this.#daemon
        .call('manager.heartbeat', {managerId: this.#id, load: loadavg(), tests})
        .then(({kill}) => {
          for (const testId of kill) {
            this.#kill(testId, 'killed on request');
          }
        })
        // Lost with the connection; the next one comes in three seconds.
        .catch(() => {});
    }
    this.#submissions.closeAbandoned();
    this.#sweep();
    if (this.#executions.size === 0 && !existsSync(this.#area.path)) {
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
      this.#executions.size > 0 ||
      this.#batch.size > 0 ||
      this.#planning.isBusy ||
      this.#handOvers > 0 ||
      this.#submissions.size > 0 ||
      !this.#journal.isEmpty
    );
  }

  #stop(reason: string): void {
    this.#log.write(`INFO: leaving: ${reason}`);
    this.#leave(0);
  }

  #order(submission: Submission, launches: readonly Launch[]): void {
    const ended = new Set(this.#journal.unheardEnds.map(({launchId}) => launchId));
    for (const launch of launches) {
      const {launchId, testId} = launch;
      if (this.#launches.get(launchId) === undefined && !ended.has(launchId)) {
        this.#launches.put({launchId, testId, uuid: submission.uuid, launch, stage: {kind: 'ordered'}});
        setImmediate(() => void this.#launch(submission, launch));
      }
    }
  }

  async #launch(submission: Submission, launch: Launch): Promise<void> {
    const {launchId, testId} = launch;
    try {
      const submitted = this.#planning.submitted(submission.uuid);
      const context = await this.#planning.contextOf(submission, submitted);
      const {target, runName, options} = submission;
      const result = await launchTest(
        launch,
        {target, runName, options, env: submitted.env, umask: submitted.umask, context},
        launchWorld(this.#parts),
        (pid) => {
          const stage = {kind: 'sent', pid, pidStart: pid === 0 ? '' : processStart(pid)} as const;
          // Started again, or begun before this was known.
          if (pid === 0 || this.#launches.get(launchId)?.stage.kind === 'sent') {
            this.#launches.put({launchId, testId, uuid: submission.uuid, launch, stage});
          }
        },
      );
      if (result.kind === 'runHere') {
        const world = executionWorld(this.#parts, submitted.umask, false);
        const execution = Execution.start(result.info, result.encoded, result.env, context, world);
        await this.#run(execution, {launchId, testId, uuid: submission.uuid, launch}, false);
      } else if (result.kind === 'queued') {
        const {system, jobId} = result.job;
        // A job that began at once has gone further already.
        const stageNow = this.#launches.get(launchId)?.stage.kind;
        if (stageNow === 'sent' || stageNow === 'ordered') {
          const stage = {kind: 'queued', system, jobId} as const;
          this.#launches.put({launchId, testId, uuid: submission.uuid, launch, stage});
        }
        this.#batch.follow(result.job);
        const early = this.#killedEarly.get(testId);
        if (early !== undefined) {
          this.#killedEarly.delete(testId);
          void this.#batch.cancel(testId, early);
        }
      } else if (result.kind === 'accepted' && this.#launches.get(launchId)?.stage.kind === 'sent') {
        const stage = {kind: 'accepted'} as const;
        this.#launches.put({launchId, testId, uuid: submission.uuid, launch, stage});
      } else if (result.kind === 'notStarted') {
        this.#launches.end(launchId);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#log.write(`ERROR: launch of test ${testId}: ${reason}`);
      this.#journal.add({type: 'launchFailed', testId, launchId, reason, fatal: true});
      this.#launches.end(launchId);
    }
  }

  /** Runs an execution to its end, with its place in the launch log. */
  async #run(execution: Execution, of: Omit<OpenLaunch, 'stage'>, isHandedOver: boolean): Promise<number> {
    const {launchId, testId} = of;
    const {rundir} = execution;
    this.#launches.put({...of, stage: {kind: 'running', rundir, isHandedOver}});
    const ended = execution.run();
    this.#executions.set(launchId, {execution, ended});
    const early = this.#killedEarly.get(testId);
    if (early !== undefined) {
      this.#killedEarly.delete(testId);
      void execution.kill(early);
    }
    try {
      return await ended;
    } catch (error) {
      const comment = error instanceof Error ? error.message : String(error);
      this.#log.write(`ERROR: test ${testId} in ${rundir}: ${comment}`);
      const runDuration = execution.runDurationS;
      this.#journal.add({type: 'ended', testId, launchId, status: 'FAIL', comment, runDuration});
      return 1;
    } finally {
      this.#executions.delete(launchId);
      this.#launches.end(launchId);
      this.#sweep();
    }
  }

  async #handOver(params: {
    readonly cmdinfo: string;
    readonly env: Readonly<Record<string, string>>;
    readonly umask: number;
    readonly output: string | null;
  }): Promise<number> {
    const info = decodeCommandInfo(params.cmdinfo);
    const launchId = info['launch-id'];
    const running = this.#executions.get(launchId);
    if (running !== undefined) {
      // The same job once more, or its process after a change of managers.
      return await running.ended;
    }
    const context = await this.#planning.contextFor(info, params.env);
    const execution = Execution.start(
      info,
      params.cmdinfo,
      params.env,
      context,
      executionWorld(this.#parts, params.umask, true),
      ...(params.output === null ? [] : [params.output]),
    );
    return await this.#run(execution, {launchId, testId: info['test-id'], uuid: null, launch: null}, true);
  }

  /** Takes up what the manager before this one left. */
  #adoptAll(): void {
    for (const open of this.#launches.open) {
      const {launchId, testId} = open;
      const adopting = this.#adopt(open)
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          this.#log.write(`ERROR: adopting test ${testId}: ${reason}`);
          const comment = `a new manager could not go on with it: ${reason}`;
          this.#journal.add({type: 'ended', testId, launchId, status: 'FAIL', comment, runDuration: 0});
          this.#launches.end(launchId);
        })
        .finally(() => this.#adopting.delete(launchId));
      this.#adopting.set(launchId, adopting);
    }
  }

  /** Resolves once the execution, if one goes on, is among those of this manager. */
  async #adopt(open: OpenLaunch): Promise<void> {
    const {stage, launch, uuid, launchId} = open;
    switch (stage.kind) {
      case 'sent':
        // Not waited for: helper calls wait for what is being taken over.
        void this.#watchSent(open.testId, launchId, stage);
        return;
      case 'accepted':
        return;
      case 'queued':
        this.#batch.follow({launchId, testId: open.testId, system: stage.system, jobId: stage.jobId});
        return;
      case 'ordered':
        // The daemon orders it again as soon as we do not name it, with everything a launch needs.
        this.#launches.end(launchId);
        return;
      case 'running': {
        const saved = readRecovery(stage.rundir);
        if (saved === undefined || saved.info['launch-id'] !== launchId) {
          // It never came as far as its first file.
          this.#launches.end(launchId);
          return;
        }
        const submitted = uuid === null ? undefined : this.#submissions.get(uuid);
        const context = submitted?.context ?? (await this.#planning.contextFor(saved.info, saved.inherited));
        const world = executionWorld(this.#parts, submitted?.umask ?? process.umask(), stage.isHandedOver);
        const execution = Execution.adopt(saved, context, world);
        this.#log.write(`INFO: adopted test ${open.testId} in ${stage.rundir}`);
        // Reports its own failure.
        void this.#run(execution, {launchId, testId: open.testId, uuid, launch}, stage.isHandedOver);
      }
    }
  }

  async #watchSent(testId: number, launchId: string, {pid, pidStart}: {pid: number; pidStart: string}) {
    const {look, report} = batchWorld(this.#parts);
    const delay = async (ms: number) => await new Promise<void>((resolve) => setTimeout(resolve, ms));
    try {
      await watchSent({testId, launchId, pid, pidStart}, {look, report, delay});
    } catch (error) {
      this.#log.write(`WARNING: test ${testId}: ${error instanceof Error ? error.message : error}`);
    }
    if (this.#launches.get(launchId)?.stage.kind === 'sent') {
      this.#launches.end(launchId);
    }
  }

  #kill(testId: number, reason: string): void {
    const running = [...this.#executions.values()].find(({execution}) => execution.testId === testId);
    if (running !== undefined) {
      void running.execution.kill(reason);
    } else if (this.#launches.open.some((open) => open.testId === testId && open.stage.kind === 'ordered')) {
      this.#killedEarly.set(testId, reason);
    } else {
      void this.#batch.cancel(testId, reason);
    }
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

  /** Lets go of submissions that have ended, and of launches that were sent for them. */
  #sweep(): void {
    if (!this.#submissions.hasClosed) {
      return;
    }
    const isSentOn = ({stage}: OpenLaunch) => stage.kind === 'sent' || stage.kind === 'accepted';
    const needed = new Set(this.#launches.open.filter((open) => !isSentOn(open)).map(({uuid}) => uuid));
    this.#submissions.sweep((uuid) => needed.has(uuid));
    for (const open of this.#launches.open) {
      const {launchId, uuid} = open;
      if (isSentOn(open) && uuid !== null && this.#submissions.get(uuid) === undefined) {
        this.#launches.end(launchId);
      }
    }
  }
}

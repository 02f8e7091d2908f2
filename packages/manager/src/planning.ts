/**
 * Everything a manager wants to know of the area's files. It is read in a short-lived child, in the environment of whoever asks, so
 * that no user's command ever runs inside the manager (spec homehost.md 9.12).
 */
import {hostname} from 'node:os';
import {
  type AreaDescription,
  type Described,
  type ManagerMethods,
  type PacketCounts,
  type ParsedParamsOf,
  type PlanReply,
  RpcError,
  type TestFiles,
  withoutTestVariables,
} from '@megatest/rpc';
import type {CommandInfo} from './execution/cmdinfo.ts';
import type {TestconfigData} from './execution/testconfig-data.ts';
import type {AreaContext} from './plan/area-context.ts';
import type {AreaNeeds} from './plan/area-needs.ts';
import type {PlanningReply, PlanningRequest} from './plan/planner.ts';
import {ReadyPlanner} from './plan/ready-planner.ts';
import type {Submissions, Submitted} from './submissions.ts';

type PlanRequest = ParsedParamsOf<ManagerMethods, 'manager.plan'>;
export type Submission = PlanRequest['submission'];

/** The context of a handed-over environment is read again after this long: config files change. */
const contextAgeMs = 60_000;

export class Planning {
  readonly #areaPath: string;
  readonly #planner: ReadyPlanner;
  readonly #submissions: Submissions;
  readonly #log: (text: string) => void;
  readonly #contexts = new Map<string, {readonly context: AreaContext; readonly readMs: number}>();

  constructor(areaPath: string, planner: string, submissions: Submissions, log: (text: string) => void) {
    this.#areaPath = areaPath;
    this.#planner = new ReadyPlanner(planner);
    this.#submissions = submissions;
    this.#log = log;
  }

  get isBusy(): boolean {
    return this.#planner.isAsking;
  }

  /** Gets ready for the request that a manager is mostly started for. */
  prepare(): void {
    this.#planner.prepare();
  }

  /** No test runs now. */
  onIdle(): void {
    this.#planner.onIdle();
  }

  async plan({submission, argv}: PlanRequest): Promise<PlanReply> {
    const submitted = this.submitted(submission.uuid);
    const reply = await this.#planner.ask(this.#requestOf('plan', submission, submitted, argv));
    if (reply.context !== undefined) {
      this.#submissions.put(submission.uuid, {...submitted, context: reply.context});
    }
    if (reply.plan !== undefined) {
      return {plan: reply.plan, messages: reply.messages, testMeta: reply.testMeta ?? []};
    }
    throw new Error(reply.error ?? 'the planner gave no plan');
  }

  async expandItems(params: {
    readonly submission: Submission;
    readonly testName: string;
    readonly testDir: string;
  }) {
    const {submission, testName, testDir} = params;
    const request = this.#requestOf('items', submission, this.submitted(submission.uuid), []);
    const {items, messages, error} = await this.#planner.ask({...request, testName, testDir});
    if (items === undefined) {
      throw new Error(error ?? `the items of ${testName} could not be read`);
    }
    return {items: [...items], messages: [...messages]};
  }

  submitted(uuid: string): Submitted {
    const submitted = this.#submissions.get(uuid);
    if (submitted === undefined) {
      throw new Error(`the manager on ${hostname()} does not have the environment of this submission`);
    }
    return submitted;
  }

  async contextOf(submission: Submission, submitted: Submitted): Promise<AreaContext> {
    if (submitted.context !== null) {
      return submitted.context;
    }
    const context = contextIn(await this.#planner.ask(this.#requestOf('context', submission, submitted, [])));
    this.#submissions.put(submission.uuid, {...submitted, context});
    return context;
  }

  /**
   * The area as it reads in the environment of an `-execute` process; without the variables of the item, as for a test that no launcher
   * brought, so that all items of a pilot share it.
   */
  async contextFor(info: CommandInfo, whole: Readonly<Record<string, string>>): Promise<AreaContext> {
    const ofItem = new Set(info.itemdat.map(([name]) => name));
    const env = Object.fromEntries(Object.entries(whole).filter(([name]) => !ofItem.has(name)));
    const own = Object.entries(env).filter(
      ([name]) => !/^(MT_CMDINFO|MT_TEST|MT_ITEM|SSH_|XDG_SESSION|SHLVL|_$|PWD$|OLDPWD$)/.test(name),
    );
    const key = JSON.stringify([info.target, info.runname, own.sort()]);
    const known = this.#contexts.get(key);
    if (known !== undefined && performance.now() - known.readMs < contextAgeMs) {
      return known.context;
    }
    const reply = await this.#planner.ask({
      kind: 'context',
      areaPath: this.#areaPath,
      env,
      cwd: this.#areaPath,
      target: info.target,
      runName: info.runname,
      options: {},
      argv: [],
    });
    const context = contextIn(reply);
    this.#forgetOldContexts();
    this.#contexts.set(key, {context, readMs: performance.now()});
    return context;
  }

  /** Every job of a batch system has an environment of its own: a manager would grow with each test. */
  #forgetOldContexts(): void {
    for (const [key, {readMs}] of this.#contexts) {
      if (performance.now() - readMs > contextAgeMs) {
        this.#contexts.delete(key);
      }
    }
  }

  async testconfig(env: Readonly<Record<string, string>>, testDir: string): Promise<TestconfigData> {
    const reply = await this.#planner.ask({
      kind: 'testconfig',
      areaPath: this.#areaPath,
      env,
      cwd: this.#areaPath,
      target: env.MT_TARGET ?? '',
      runName: env.MT_RUNNAME ?? '',
      options: {},
      argv: [],
      testDir,
    });
    if (reply.testconfig === undefined) {
      throw new Error(reply.error ?? `${testDir}/testconfig could not be read`);
    }
    for (const {text} of reply.messages) {
      this.#log(text);
    }
    return reply.testconfig;
  }

  /** What the area needs of this host, as it reads in the manager's own environment. */
  async needs(): Promise<AreaNeeds> {
    const {needs, error} = await this.#ofItself({kind: 'needs'});
    return told(needs, error);
  }

  /** Takes new packets into `pkts.db`, as the area reads in the manager's own environment. */
  async importPackets(directory: string | undefined): Promise<PacketCounts> {
    const {packets, error} = await this.#ofItself({kind: 'packets', packetDirectory: directory});
    if (packets === undefined) {
      throw new RpcError('invalidValue', error ?? 'the packets could not be read', {
        field: 'dir',
        value: directory,
      });
    }
    return packets;
  }

  /** What the files of the area say to who runs none of their commands. */
  async describe(what: readonly Described[]): Promise<AreaDescription> {
    const {description, error} = await this.#ofItself({kind: 'describe', what});
    return told(description, error);
  }

  async testFiles(testName: string): Promise<TestFiles> {
    const {testFiles, error} = await this.#ofItself({kind: 'testFiles', testName});
    return told(testFiles, error);
  }

  /** Asked for nobody's run: in the manager's own environment. */
  async #ofItself(
    question: Pick<PlanningRequest, 'kind' | 'what' | 'testName' | 'packetDirectory'>,
  ): Promise<PlanningReply> {
    return await this.#planner.ask({
      areaPath: this.#areaPath,
      env: withoutTestVariables(process.env),
      cwd: this.#areaPath,
      target: '',
      runName: '',
      options: {},
      argv: [],
      ...question,
    });
  }

  #requestOf(
    kind: PlanningRequest['kind'],
    submission: Submission,
    submitted: Submitted,
    argv: readonly string[],
  ): PlanningRequest {
    const {target, runName, options} = submission;
    const {env, cwd, umask} = submitted;
    return {kind, areaPath: this.#areaPath, env, cwd, umask, target, runName, options, argv};
  }
}

function contextIn({context, error}: PlanningReply): AreaContext {
  return told(context, error);
}

function told<T>(answer: T | undefined, error: string | undefined): T {
  if (answer === undefined) {
    throw new Error(error ?? 'the area could not be read');
  }
  return answer;
}

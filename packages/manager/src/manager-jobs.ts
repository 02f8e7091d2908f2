/**
 * Jobs that the daemon has this manager run as commands (spec mtutil.md 15.4), each a process of its own that survives the manager.
 *
 * Each claim is a folder of its own, `jobs/ID-TOKEN`, from the order, which is answered only then, until its end stands in the journal: what it
 * is, whether it is to be killed, and, as for a step, that it was started and how it ended. So the next manager of this host goes on
 * with it, and whatever happens to managers, its command never starts twice for one claim.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {type ClaimedJob, type ManagerJob, RpcError, withoutTestVariables} from '@megatest/rpc';
import {killTree} from './execution/process-tree.ts';
import type {Spawner} from './execution/spawner.ts';
import {type RunningStep, readStarted, type StepEnd, startStep, watchStep} from './execution/step-process.ts';
import {jobCommand} from './job-command.ts';
import type {Journal} from './journal.ts';

export type JobsWorld = {
  readonly areaPath: string;
  /** Private to this manager and those after it. */
  readonly directory: string;
  /** The `megatest` command. */
  readonly executable: string;
  readonly umask: number;
  readonly journal: Pick<Journal, 'add'>;
  readonly spawner: Spawner;
  readonly log: (text: string) => void;
};

type Open = Pick<ClaimedJob, 'job' | 'claimToken'>;

type JobEnd =
  | {readonly type: 'jobEnded'; readonly exitCode: number; readonly message: string}
  | {readonly type: 'jobLost'};

/** Of the command's own words that are told of its failure. */
const mostMessageBytes = 500;
/** Exit code of what was ended on request. */
const endedOnRequest = 130;

export class ManagerJobs {
  readonly #world: JobsWorld;
  readonly #folder: string;
  /** By the token of its claim. */
  readonly #open = new Map<string, Open>();
  /** Leaders of the sessions of commands that this manager has started. */
  readonly #roots = new Map<string, Pick<RunningStep, 'pid' | 'pidStart'>>();
  /** What is being ended of claims that are over, by job: the next one begins after that. */
  readonly #leaving = new Map<number, Promise<void>>();

  constructor(world: JobsWorld) {
    this.#world = world;
    this.#folder = join(world.directory, 'jobs');
    mkdirSync(this.#folder, {recursive: true, mode: 0o700});
  }

  get size(): number {
    return this.#open.size;
  }

  get open(): readonly {readonly id: number; readonly claimToken: string}[] {
    return [...this.#open.values()].map(({job, claimToken}) => ({id: job.id, claimToken}));
  }

  /** Takes up what the manager before this one left. */
  adoptAll(): void {
    for (const name of readdirSync(this.#folder)) {
      try {
        const open = JSON.parse(readFileSync(join(this.#folder, name, 'job.json'), 'utf8')) as Open;
        this.#open.set(open.claimToken, open);
        this.#world.log(`INFO: adopted job ${open.job.id}`);
        void this.#run(open);
      } catch {
        // An order that was never answered: it comes again.
        rmSync(join(this.#folder, name), {recursive: true, force: true});
      }
    }
  }

  /** The order is on disk when this returns; one that is known already is nothing new. */
  order({job, claimToken}: Open): void {
    if (this.#open.has(claimToken)) {
      return;
    }
    this.forget(job.id);
    const open = {job, claimToken};
    const directory = this.#directoryOf(open);
    mkdirSync(join(directory, '.mt'), {recursive: true, mode: 0o700});
    const path = join(directory, 'job.json');
    writeFileSync(`${path}.new`, JSON.stringify(open), {mode: 0o600});
    renameSync(`${path}.new`, path);
    this.#open.set(claimToken, open);
    setImmediate(() => void this.#run(open));
  }

  /** Ends the processes of a job; its end is reported as any other. */
  end(id: number, reason: string): void {
    const open = this.#find(id);
    if (open === undefined) {
      throw new RpcError('notFound', `job ${id} does not run here`, {what: 'job', id});
    }
    writeFileSync(this.#killFile(open), reason);
    void this.#kill(open);
  }

  /** The daemon has given the job up: nobody is to be told of its end. */
  forget(id: number): void {
    const open = this.#find(id);
    if (open !== undefined) {
      this.#world.log(`WARNING: job ${id} is not this manager's any more: it is ended`);
      writeFileSync(this.#killFile(open), 'it was given to somebody else');
      this.#open.delete(open.claimToken);
      const leaving = this.#kill(open).then(() => {
        this.#remove(open);
        this.#leaving.delete(id);
      });
      this.#leaving.set(id, leaving);
    }
  }

  #find(id: number): Open | undefined {
    return [...this.#open.values()].find(({job}) => job.id === id);
  }

  async #run(open: Open): Promise<void> {
    const {job, claimToken} = open;
    const {journal, log} = this.#world;
    const claimed = {id: job.id, claimToken};
    await this.#leaving.get(job.id);
    let end: JobEnd;
    try {
      const started = await this.#start(open);
      if (started === undefined) {
        end = {type: 'jobEnded', exitCode: endedOnRequest, message: this.#killReason(open) ?? ''};
      } else {
        journal.add({type: 'jobStarted', ...claimed});
        end = this.#judge(open, await started.ended);
      }
    } catch (error) {
      end = {type: 'jobEnded', exitCode: 1, message: error instanceof Error ? error.message : String(error)};
      log(`ERROR: job ${job.id}: ${end.message}`);
    }
    this.#roots.delete(claimToken);
    if (this.#open.delete(claimToken)) {
      journal.add({...claimed, ...end});
      this.#remove(open);
    }
  }

  /** Starts the command, unless it was already; `undefined` when it is not to be. */
  async #start(open: Open): Promise<{readonly ended: Promise<StepEnd>} | undefined> {
    const {job, claimToken} = open;
    const {areaPath, executable, spawner, umask} = this.#world;
    const rundir = this.#directoryOf(open);
    const launchId = launchIdOf(open);
    if (readStarted(rundir, 0) !== undefined) {
      this.#killIfAsked(open);
      return {ended: watchStep(rundir, 0, {launchId, group: null})};
    }
    if (this.#killReason(open) !== undefined) {
      return undefined;
    }
    mkdirSync(join(areaPath, 'logs'), {recursive: true});
    const started = await startStep(
      {
        index: 0,
        command: jobCommand(job, areaPath, executable),
        rundir,
        // A command inside it that adds jobs says so; the run of a job is none of its own queue.
        env: {...withoutTestVariables(process.env), MEGATEST_JOB: job.uuid},
        outputPath: this.#logOf(job),
        umask,
        launchId,
        group: null,
      },
      spawner,
    );
    this.#roots.set(claimToken, started);
    // Nothing could be ended before it was known.
    this.#killIfAsked(open);
    return started;
  }

  #judge(open: Open, {code, signal}: StepEnd): JobEnd {
    const reason = this.#killReason(open);
    if (reason !== undefined && code !== 0) {
      return {type: 'jobEnded', exitCode: endedOnRequest, message: reason};
    }
    if (code === null) {
      return {type: 'jobLost'};
    }
    if (code === 0) {
      return {type: 'jobEnded', exitCode: 0, message: ''};
    }
    const how = signal === null ? `exit code ${code}` : `ended by ${signal}`;
    const words = lastLine(this.#logOf(open.job));
    // A command's own 130 is a failure like any other: nobody has ended it.
    const exitCode = code === endedOnRequest ? 1 : code;
    return {type: 'jobEnded', exitCode, message: words === '' ? how : `${how}: ${words}`};
  }

  #killIfAsked(open: Open): void {
    if (this.#killReason(open) !== undefined) {
      void this.#kill(open);
    }
  }

  async #kill(open: Open): Promise<void> {
    const root = this.#roots.get(open.claimToken) ??
      readStarted(this.#directoryOf(open), 0) ?? {pid: 0, pidStart: ''};
    if (!(await killTree({root, launchId: launchIdOf(open), group: null}))) {
      this.#world.log(`ERROR: job ${open.job.id}: some of its processes cannot be ended`);
    }
  }

  #directoryOf({job, claimToken}: Open): string {
    return join(this.#folder, `${job.id}-${claimToken}`);
  }

  #killFile(open: Open): string {
    return join(this.#directoryOf(open), 'kill');
  }

  #killReason(open: Open): string | undefined {
    const file = this.#killFile(open);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  #logOf({id}: ManagerJob): string {
    return join(this.#world.areaPath, 'logs', `job-${id}.log`);
  }

  #remove(open: Open): void {
    rmSync(this.#directoryOf(open), {recursive: true, force: true});
  }
}

function launchIdOf({claimToken}: Open): string {
  return `job-${claimToken}`;
}

function lastLine(path: string): string {
  const size = statSync(path, {throwIfNoEntry: false})?.size ?? 0;
  if (size === 0) {
    return '';
  }
  const text = readFileSync(path).subarray(-mostMessageBytes).toString('utf8');
  return text.trimEnd().split('\n').at(-1)?.trim() ?? '';
}

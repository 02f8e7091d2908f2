/**
 * Jobs that the daemon has this manager run as commands (spec mtutil.md 15.4), each a process of its own that survives the manager.
 *
 * A job is a folder of its own, `jobs/ID`, from the order, which is answered only then, until its end stands in the journal: what it
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
import {type ClaimedJob, type ManagerJob, withoutTestVariables} from '@megatest/rpc';
import {killTree} from './execution/process-tree.ts';
import type {Spawner} from './execution/spawner.ts';
import {readStarted, type StepEnd, startStep, watchStep} from './execution/step-process.ts';
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
  readonly #open = new Map<number, Open>();

  constructor(world: JobsWorld) {
    this.#world = world;
    this.#folder = join(world.directory, 'jobs');
    mkdirSync(this.#folder, {recursive: true, mode: 0o700});
  }

  get size(): number {
    return this.#open.size;
  }

  get ids(): readonly number[] {
    return [...this.#open.keys()];
  }

  get open(): readonly {readonly id: number; readonly claimToken: string}[] {
    return [...this.#open].map(([id, {claimToken}]) => ({id, claimToken}));
  }

  /** Takes up what the manager before this one left. */
  adoptAll(): void {
    for (const name of readdirSync(this.#folder)) {
      try {
        const open = JSON.parse(readFileSync(join(this.#folder, name, 'job.json'), 'utf8')) as Open;
        this.#open.set(open.job.id, open);
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
    const known = this.#open.get(job.id);
    if (known !== undefined) {
      if (known.claimToken !== claimToken) {
        throw new Error(`job ${job.id} still runs here from an earlier claim`);
      }
      return;
    }
    const directory = this.#directoryOf(job.id);
    rmSync(directory, {recursive: true, force: true});
    mkdirSync(join(directory, '.mt'), {recursive: true, mode: 0o700});
    const path = join(directory, 'job.json');
    writeFileSync(`${path}.new`, JSON.stringify({job, claimToken}), {mode: 0o600});
    renameSync(`${path}.new`, path);
    const open = {job, claimToken};
    this.#open.set(job.id, open);
    setImmediate(() => void this.#run(open));
  }

  /** Ends the processes of a job; its end is reported as any other. */
  end(id: number, reason: string): void {
    const open = this.#open.get(id);
    if (open === undefined) {
      throw new Error(`job ${id} does not run here`);
    }
    writeFileSync(this.#killFile(id), reason);
    void this.#kill(open);
  }

  /** The daemon has given the job up: nobody is to be told of its end. */
  forget(id: number): void {
    const open = this.#open.get(id);
    if (open !== undefined) {
      this.#world.log(`WARNING: job ${id} is not this manager's any more: it is ended`);
      this.#open.delete(id);
      void this.#kill(open).finally(() => this.#remove(id));
    }
  }

  async #run(open: Open): Promise<void> {
    const {job, claimToken} = open;
    const {journal, log} = this.#world;
    const claimed = {id: job.id, claimToken};
    let end: JobEnd;
    try {
      const started = await this.#start(open);
      if (started === undefined) {
        end = {type: 'jobEnded', exitCode: endedOnRequest, message: this.#killReason(job.id) ?? ''};
      } else {
        journal.add({type: 'jobStarted', ...claimed});
        end = this.#judge(job, await started.ended);
      }
    } catch (error) {
      end = {type: 'jobEnded', exitCode: 1, message: error instanceof Error ? error.message : String(error)};
      log(`ERROR: job ${job.id}: ${end.message}`);
    }
    if (this.#open.get(job.id) === open) {
      journal.add({...claimed, ...end});
      this.#open.delete(job.id);
      this.#remove(job.id);
    }
  }

  /** Starts the command, unless it was already; `undefined` when it is not to be. */
  async #start(open: Open): Promise<{readonly ended: Promise<StepEnd>} | undefined> {
    const {job} = open;
    const {areaPath, executable, spawner, umask} = this.#world;
    const rundir = this.#directoryOf(job.id);
    const isKilled = this.#killReason(job.id) !== undefined;
    if (readStarted(rundir, 0) !== undefined) {
      if (isKilled) {
        void this.#kill(open);
      }
      return {ended: watchStep(rundir, 0, {launchId: launchIdOf(open), group: null})};
    }
    if (isKilled) {
      return undefined;
    }
    mkdirSync(join(areaPath, 'logs'), {recursive: true});
    return await startStep(
      {
        index: 0,
        command: jobCommand(job, areaPath, executable),
        rundir,
        // A command inside it that adds jobs says so; the run of a job is none of its own queue.
        env: {...withoutTestVariables(process.env), MEGATEST_JOB: job.uuid},
        outputPath: this.#logOf(job.id),
        umask,
        launchId: launchIdOf(open),
        group: null,
      },
      spawner,
    );
  }

  #judge({id}: ManagerJob, {code, signal}: StepEnd): JobEnd {
    const reason = this.#killReason(id);
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
    const words = lastLine(this.#logOf(id));
    // A command's own 130 is a failure like any other: nobody has ended it.
    const exitCode = code === endedOnRequest ? 1 : code;
    return {type: 'jobEnded', exitCode, message: words === '' ? how : `${how}: ${words}`};
  }

  async #kill(open: Open): Promise<void> {
    const root = readStarted(this.#directoryOf(open.job.id), 0) ?? {pid: 0, pidStart: ''};
    if (!(await killTree({root, launchId: launchIdOf(open), group: null}))) {
      this.#world.log(`ERROR: job ${open.job.id}: some of its processes cannot be ended`);
    }
  }

  #directoryOf(id: number): string {
    return join(this.#folder, String(id));
  }

  #killFile(id: number): string {
    return join(this.#directoryOf(id), 'kill');
  }

  #killReason(id: number): string | undefined {
    const file = this.#killFile(id);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  #logOf(id: number): string {
    return join(this.#world.areaPath, 'logs', `job-${id}.log`);
  }

  #remove(id: number): void {
    rmSync(this.#directoryOf(id), {recursive: true, force: true});
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

/**
 * Planning children, one of which waits loaded for its one request, because the start of a process takes longer than most plans.
 *
 * `none` -> (asked to prepare, or some time after the last answer) -> `waiting` -> (a request takes it, nobody comes for a while, or
 * it dies) -> `none`. A child serves one request and ends, so nothing of one submission is there when the next is read. It ends with
 * the manager, however that ends, because the channel between them does.
 */
import type {ChildProcess} from 'node:child_process';
import type {PlanningReply, PlanningRequest} from './planner.ts';
import {askChild, startChild} from './planner-child.ts';

/** The next child starts when nothing runs, or so long after an answer: its start takes a tenth of a second from the tests that were planned. */
const pauseMs = 2000;
/** A child takes memory: in a run that plans nothing for so long there is none. */
const patienceMs = 60_000;

/** What a process takes from its environment when it starts; everything else it is given with its request. */
const takenAtStart = /^(LC_|LANG|NODE_|LD_|ICU_|UV_|OPENSSL_|SSL_)/;

export class ReadyPlanner {
  readonly #plannerPath: string;
  #waiting: ChildProcess | undefined;
  #asking = 0;
  #isNextDue = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(plannerPath: string) {
    this.#plannerPath = plannerPath;
  }

  get isAsking(): boolean {
    return this.#asking > 0;
  }

  /** Has a child ready for the request that will come soon. */
  prepare(): void {
    this.#isNextDue = false;
    clearTimeout(this.#timer);
    if (this.#waiting === undefined) {
      const child = startChild(this.#plannerPath, process.env);
      const forget = () => {
        if (this.#waiting === child) {
          this.#waiting = undefined;
        }
      };
      child.once('exit', forget).once('error', forget);
      this.#waiting = child;
    }
    this.#timer = setTimeout(() => this.close(), patienceMs).unref();
  }

  /** Nothing runs now: a child that is to start soon may start at once. */
  onIdle(): void {
    if (this.#isNextDue && this.#asking === 0) {
      this.prepare();
    }
  }

  async ask(request: PlanningRequest): Promise<PlanningReply> {
    this.#asking += 1;
    try {
      const child = this.#take(request) ?? startChild(this.#plannerPath, request.env);
      return await askChild(child, request);
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) {
        this.#isNextDue = true;
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.prepare(), pauseMs).unref();
      }
    }
  }

  /** Ends the child that waits; the next request starts one. */
  close(): void {
    this.#isNextDue = false;
    clearTimeout(this.#timer);
    this.#waiting?.kill('SIGKILL');
    this.#waiting = undefined;
  }

  #take(request: PlanningRequest): ChildProcess | undefined {
    const child = this.#waiting;
    if (child === undefined || !startsAlike(process.env, request.env)) {
      return undefined;
    }
    this.#waiting = undefined;
    return child;
  }
}

function startsAlike(own: NodeJS.ProcessEnv, other: Readonly<Record<string, string>>): boolean {
  return Object.keys({...own, ...other}).every(
    (name) => !takenAtStart.test(name) || own[name] === other[name],
  );
}

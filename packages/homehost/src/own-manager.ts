/** The manager of the daemon's own user on its host, which the daemon starts when it is needed and nobody else has started it. */
import {hostname, userInfo} from 'node:os';
import {type ManagerMethods, type ParamsOf, type ResultOf, RpcError} from '@megatest/rpc';
import {ask, type Manager, ManagerLost, type Managers} from './managers.ts';

/** A manager that was started, or lost its daemon, gets so long to come up; one too many finds that out by itself. */
const startPauseMs = 3000;
/** Who waits for it is told after this long that it does not come. */
const patienceMs = 60_000;

export class OwnManager {
  readonly host = hostname();
  readonly user = userInfo().username;
  readonly #managers: Pick<Managers, 'find' | 'wait' | 'left'>;
  readonly #start: () => void;
  #isNeeded = false;
  #waiting = 0;
  /** The managers of the daemon before this one look for it. */
  #startedMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(managers: Pick<Managers, 'find' | 'wait' | 'left'>, start: () => void) {
    this.#managers = managers;
    this.#start = start;
  }

  /** Whether somebody waits for it, and it is not there. */
  set isNeeded(isNeeded: boolean) {
    this.#isNeeded = isNeeded;
    this.look();
  }

  /** Asks it, as soon as it is there, for what may be done twice: when it is lost meanwhile, the next one is asked. */
  async ask<M extends keyof ManagerMethods & string>(
    method: M,
    params: ParamsOf<ManagerMethods, M>,
  ): Promise<ResultOf<ManagerMethods, M>> {
    for (;;) {
      const manager = await this.#get();
      try {
        return await ask(manager, method, params);
      } catch (error) {
        if (error instanceof RpcError && error.kind === 'methodNotFound') {
          const {host, user} = this;
          const what = `the manager of ${user} on ${host} is of an older version`;
          throw new RpcError('noManager', `${what}; end it with "megatest managers stop"`, {host, user});
        }
        if (!(error instanceof ManagerLost)) {
          throw error;
        }
        this.#managers.left(manager);
      }
    }
  }

  /** Starts it when it is needed, now or after the pause. */
  look(): void {
    const waitMs = this.#startedMs + startPauseMs - performance.now();
    if ((!this.#isNeeded && this.#waiting === 0) || this.#timer !== undefined) {
      return;
    }
    if (waitMs <= 0) {
      this.#startedMs = performance.now();
      this.#start();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.look();
    }, waitMs);
    this.#timer.unref();
  }

  /** An `RpcError` when it does not come. */
  async #get(): Promise<Manager> {
    const known = this.#managers.find(this.host, this.user);
    if (known !== undefined) {
      return known;
    }
    this.#waiting += 1;
    try {
      const manager = this.#managers.wait(this.host, this.user, patienceMs);
      this.look();
      return await manager;
    } finally {
      this.#waiting -= 1;
    }
  }
}

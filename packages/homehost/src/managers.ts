/** The managers that are connected, and which of them has which test. */
import type {HostLoad} from '@megatest/model';
import {type Connected, type ManagerMethods, type ParamsOf, type ResultOf, RpcError} from '@megatest/rpc';

export type Manager = {
  readonly id: string;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  readonly cpus: number;
  readonly connection: Connected;
};

/** A manager that has been gone for that long is lost (homehost.md 1.11). */
const lostAfterMs = 60_000;

export class Managers {
  readonly #byId = new Map<string, Manager>();
  /** Manager that runs or launches a test. */
  readonly #owners = new Map<number, string>();
  /** Load averages over one and five minutes, as the last heartbeat told. */
  readonly #loads = new Map<string, HostLoad>();
  /** Managers whose connection was closed, and when. */
  readonly #gone = new Map<string, {readonly host: string; readonly user: string; readonly ms: number}>();
  readonly #nowMs: () => number;
  readonly #startedMs: number;
  readonly #waiting = new Set<{
    readonly host: string;
    readonly user: string;
    readonly resolve: (manager: Manager) => void;
  }>();

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
  }

  add(manager: Manager, testIds: readonly number[]): void {
    this.#byId.set(manager.id, manager);
    this.#gone.delete(manager.id);
    for (const testId of testIds) {
      this.#owners.set(testId, manager.id);
    }
    manager.connection.onClose(() => this.left(manager));
    for (const waiter of [...this.#waiting]) {
      if (isAt(manager, waiter.host, waiter.user)) {
        this.#waiting.delete(waiter);
        waiter.resolve(manager);
      }
    }
  }

  /** Its connection is closed, or is about to be. */
  left(manager: Manager): void {
    if (this.#byId.get(manager.id) === manager) {
      this.#byId.delete(manager.id);
      this.#loads.delete(manager.id);
      const {host, user} = manager;
      this.#gone.set(manager.id, {host, user, ms: this.#nowMs()});
    }
  }

  find(host: string, user: string): Manager | undefined {
    return [...this.#byId.values()].find((manager) => isAt(manager, host, user));
  }

  /** The manager of this host and user, as soon as there is one. */
  async wait(host: string, user: string, timeoutMs: number | undefined): Promise<Manager> {
    const known = this.find(host, user);
    if (known !== undefined) {
      return known;
    }
    return await new Promise<Manager>((resolve, reject) => {
      const waiter = {host, user, resolve};
      this.#waiting.add(waiter);
      if (timeoutMs !== undefined) {
        setTimeout(() => {
          if (this.#waiting.delete(waiter)) {
            reject(
              new RpcError(
                'noManager',
                `no manager of ${user} on ${host} came up within ${timeoutMs / 1000} seconds; any megatest command there starts one`,
                {host, user},
              ),
            );
          }
        }, timeoutMs).unref();
      }
    });
  }

  get(managerId: string): Manager | undefined {
    return this.#byId.get(managerId);
  }

  hostOf(managerId: string): string | undefined {
    return this.#byId.get(managerId)?.host;
  }

  setLoad(managerId: string, [load1 = 0, load5 = 0]: readonly number[]): void {
    const manager = this.#byId.get(managerId);
    if (manager !== undefined) {
      this.#loads.set(managerId, {load1, load5, cpus: manager.cpus});
    }
  }

  /** Load of the host of this manager; `undefined` while nothing has been heard. */
  loadOf(host: string, user: string): HostLoad | undefined {
    const manager = this.find(host, user);
    return manager === undefined ? undefined : this.#loads.get(manager.id);
  }

  /** Which of the tests each manager has. */
  owners(testIds: readonly number[]): ReadonlyMap<Manager, readonly number[]> {
    const byManager = new Map<Manager, number[]>();
    for (const testId of testIds) {
      const manager = this.ownerOf(testId);
      if (manager !== undefined) {
        const ids = byManager.get(manager) ?? [];
        ids.push(testId);
        byManager.set(manager, ids);
      }
    }
    return byManager;
  }

  ownerOf(testId: number): Manager | undefined {
    const id = this.#owners.get(testId);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /**
   * Whether a test that is to be killed will be said to have ended: its manager is there, or has been gone for so short a time that
   * it, or the one after it, may come back. A test that nobody has may belong to a manager that has not found this daemon yet.
   */
  mayHearOf(testId: number): boolean {
    const id = this.#owners.get(testId);
    if (id !== undefined && this.#byId.has(id)) {
      return true;
    }
    const sinceMs = id === undefined ? this.#startedMs : (this.#gone.get(id)?.ms ?? this.#startedMs);
    return this.#nowMs() - sinceMs < lostAfterMs;
  }

  setOwner(testId: number, managerId: string): void {
    this.#owners.set(testId, managerId);
  }

  forget(testId: number): void {
    this.#owners.delete(testId);
  }

  all(): readonly Manager[] {
    return [...this.#byId.values()];
  }

  /** Managers that are gone while tests are theirs, and since when. */
  lost(): readonly {
    readonly host: string;
    readonly user: string;
    readonly tests: number;
    readonly goneS: number;
    readonly isLost: boolean;
  }[] {
    return [...this.#gone].flatMap(([id, {host, user, ms}]) => {
      const tests = this.testsOf(id);
      const goneMs = this.#nowMs() - ms;
      return tests === 0
        ? []
        : [{host, user, tests, goneS: Math.round(goneMs / 1000), isLost: goneMs >= lostAfterMs}];
    });
  }

  testsOf(managerId: string): number {
    let count = 0;
    for (const owner of this.#owners.values()) {
      count += owner === managerId ? 1 : 0;
    }
    return count;
  }
}

function isAt(manager: Manager, host: string, user: string): boolean {
  return manager.host === host && manager.user === user;
}

/** A question was not answered, and will not be. */
export class ManagerLost extends Error {}

/** Asks a manager, with the types of the method table; throws its refusal as an `RpcError`, or `ManagerLost`. */
export async function ask<M extends keyof ManagerMethods & string>(
  manager: Manager,
  method: M,
  params: ParamsOf<ManagerMethods, M>,
): Promise<ResultOf<ManagerMethods, M>> {
  try {
    return (await manager.connection.request(method, params)) as ResultOf<ManagerMethods, M>;
  } catch (error) {
    throw error instanceof RpcError ? error : new ManagerLost(error instanceof Error ? error.message : '');
  }
}

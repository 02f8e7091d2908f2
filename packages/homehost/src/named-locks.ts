/**
 * Locks that clients take by name (spec homehost.md 9.9). A lock stands in M with the time at which it is free again. That of a
 * connection that lasts is also freed when the connection closes; who posts has no such connection, and keeps it until then or gives it
 * back.
 *
 * A request that is sent again after a lost connection is made again, and not answered from what was done before: by then the lock may
 * be somebody else's.
 */
import {type Connected, RpcError} from '@megatest/rpc';
import type {Homehost} from './homehost.ts';

export class NamedLocks {
  readonly #homehost: Homehost;
  /** The connection that each lock lasts as long as. */
  readonly #connections = new Map<string, Connected>();
  /** Connections that have asked for a lock and are still there. */
  readonly #open = new Set<Connected>();

  constructor(homehost: Homehost) {
    this.#homehost = homehost;
  }

  /** `owner` has the lock now; `ok` when that is who asks. */
  async acquire(
    name: string,
    ttlS: number,
    connection: Connected,
  ): Promise<{readonly ok: boolean; readonly owner: string}> {
    const {client, isLasting} = connection;
    if (isLasting && !this.#open.has(connection)) {
      this.#open.add(connection);
      connection.onClose(() => this.#closed(connection));
    }
    const {store, nowS, write} = this.#homehost;
    const owner = `${client.user}@${client.host} ${client.pid}`;
    const holder = await write(() =>
      store.locks.acquire(name, {owner, clientId: client.clientId, isLasting}, ttlS, nowS()),
    );
    const ok = holder.clientId === client.clientId;
    if (ok && isLasting) {
      this.#connections.set(name, connection);
      if (!this.#open.has(connection)) {
        // It was closed before the lock was written.
        this.#free(name, connection);
      }
    } else if (ok) {
      this.#connections.delete(name);
    }
    return {ok, owner: holder.owner};
  }

  /** False when nobody had it. */
  async release(name: string, {client: {clientId}}: Connected): Promise<boolean> {
    const {store, nowS, write} = this.#homehost;
    const holder = await write(() => store.locks.release(name, clientId, nowS()));
    if (holder === undefined) {
      return false;
    }
    if (holder.clientId !== clientId) {
      throw new RpcError('conflict', `${holder.owner} has the lock ${name}`, {current: holder.owner});
    }
    this.#connections.delete(name);
    return true;
  }

  #closed(connection: Connected): void {
    this.#open.delete(connection);
    for (const [name, of] of this.#connections) {
      // The same client may have taken it anew by another connection.
      if (of === connection) {
        this.#free(name, connection);
      }
    }
  }

  #free(name: string, connection: Connected): void {
    this.#connections.delete(name);
    const {store, nowS, write} = this.#homehost;
    void write(() => store.locks.release(name, connection.client.clientId, nowS())).catch(() => {
      // A daemon that leaves: the next one frees what connections had. One that cannot write: the lock ends with its time.
    });
  }
}

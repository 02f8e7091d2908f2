/**
 * The environments of submissions, which never travel through the daemon: in memory, and in `env-<uuid>.json` (mode 0600) of the
 * manager's directory, until the driver has ended, so that a restarted manager can go on (spec homehost.md 1.11 point 8).
 */
import {readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import * as z from 'zod';
import {type AreaContext, areaContext} from './plan/area-context.ts';

const kept = z.object({
  env: z.record(z.string(), z.string()),
  cwd: z.string(),
  umask: z.number(),
  /** What launching needs of the area's files, once they have been read for this submission. */
  context: areaContext.nullable(),
});

export type Submitted = {
  readonly env: Env;
  readonly cwd: string;
  readonly umask: number;
  readonly context: AreaContext | null;
};

/** A submission whose command died before it could submit is kept for this long. */
const abandonedMs = 600_000;

export class Submissions {
  readonly #directory: string;
  readonly #byUuid = new Map<string, Submitted>();
  readonly #openedMs = new Map<string, number>();
  readonly #closed = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
    for (const name of readdirSync(directory)) {
      const uuid = /^env-(.+)\.json$/.exec(name)?.[1];
      if (uuid !== undefined) {
        this.#read(uuid);
      }
    }
  }

  get(uuid: string): Submitted | undefined {
    return this.#byUuid.get(uuid);
  }

  get size(): number {
    return this.#byUuid.size;
  }

  put(uuid: string, submitted: Submitted): void {
    this.#byUuid.set(uuid, submitted);
    this.#openedMs.set(uuid, this.#openedMs.get(uuid) ?? performance.now());
    const path = this.#file(uuid);
    writeFileSync(`${path}.new`, JSON.stringify(submitted), {mode: 0o600});
    renameSync(`${path}.new`, path);
  }

  /** Of a run that no command submits: what a manager has, which is the same for all; one that is there already stays. */
  putOwn(uuid: string, submitted: Omit<Submitted, 'context'>): void {
    if (!this.#byUuid.has(uuid)) {
      this.put(uuid, {...submitted, context: null});
    }
  }

  get hasClosed(): boolean {
    return this.#closed.size > 0;
  }

  /** Its driver has ended; it goes as soon as no launch needs it. */
  close(uuid: string): void {
    this.#closed.add(uuid);
  }

  /** Closes what has been planned and is not driven any more; what is not planned yet may just be about to be submitted. */
  keepOnly(uuids: readonly string[]): void {
    const live = new Set(uuids);
    for (const [uuid, {context}] of this.#byUuid) {
      if (!live.has(uuid) && context !== null) {
        this.close(uuid);
      }
    }
  }

  closeAbandoned(): void {
    for (const [uuid, {context}] of this.#byUuid) {
      if (context === null && performance.now() - (this.#openedMs.get(uuid) ?? 0) > abandonedMs) {
        this.close(uuid);
      }
    }
  }

  /** Removes closed ones that no open launch needs. */
  sweep(isNeeded: (uuid: string) => boolean): void {
    for (const uuid of [...this.#closed]) {
      if (!isNeeded(uuid)) {
        this.#closed.delete(uuid);
        this.#byUuid.delete(uuid);
        this.#openedMs.delete(uuid);
        rmSync(this.#file(uuid), {force: true});
      }
    }
  }

  #read(uuid: string): void {
    try {
      this.#byUuid.set(uuid, kept.parse(JSON.parse(readFileSync(this.#file(uuid), 'utf8'))));
      this.#openedMs.set(uuid, performance.now());
    } catch {
      // Of another version: the submission cannot go on here, and its launches will say so.
      rmSync(this.#file(uuid), {force: true});
    }
  }

  #file(uuid: string): string {
    return join(this.#directory, `env-${uuid.replace(/[^\w-]/g, '_')}.json`);
  }
}

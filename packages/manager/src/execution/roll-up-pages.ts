/**
 * Keeps the pages of iterated tests up to date: one page for all items, so it is not written anew for each that ends, but when the
 * items have been quiet for a moment, and every few seconds while they are not.
 */
import type {Env} from '@megatest/config';
import {type RollUpItem, rollUpFile, writeRollUpPage} from './rollup-html.ts';

export type IteratedTest = {
  readonly runId: number;
  readonly testName: string;
  readonly directory: string;
  readonly command: string | undefined;
  readonly env: Readonly<Env>;
};

export type RollUpWorld = {
  readonly finalLog: (test: IteratedTest) => Promise<string | undefined>;
  readonly items: (test: IteratedTest) => Promise<readonly RollUpItem[]>;
  readonly setFinalLog: (test: IteratedTest, file: string) => Promise<void>;
  readonly say: (text: string) => void;
  readonly log: (text: string) => void;
};

/** Log of a test that nobody has named one for; only then the page becomes it. */
const defaultLog = 'logs/final.log';

/** Writes the page of a test; without `isForced` only when nobody has named another log for the whole test. */
export async function updateRollUpPage(
  test: IteratedTest,
  isForced: boolean,
  world: RollUpWorld,
): Promise<void> {
  const file = rollUpFile(test.testName);
  const finalLog = (await world.finalLog(test)) ?? defaultLog;
  if (!isForced && finalLog !== defaultLog && finalLog !== file) {
    return;
  }
  const items = await world.items(test);
  if (writeRollUpPage({...test, items}, world.say, world.log) && finalLog !== file) {
    await world.setFinalLog(test, file);
  }
}

const quietMs = 300;
const longestMs = 5000;

type Pending = {test: IteratedTest; readonly firstMs: number; timer: NodeJS.Timeout};

export class RollUpPages {
  readonly #world: RollUpWorld;
  readonly #pending = new Map<string, Pending>();

  constructor(world: RollUpWorld) {
    this.#world = world;
  }

  itemEnded(test: IteratedTest): void {
    const key = `${test.runId}/${test.testName}`;
    const known = this.#pending.get(key);
    clearTimeout(known?.timer);
    const firstMs = known?.firstMs ?? performance.now();
    const waitMs = Math.max(0, Math.min(quietMs, firstMs + longestMs - performance.now()));
    const timer = setTimeout(() => void this.#write(key), waitMs);
    this.#pending.set(key, {test, firstMs, timer});
  }

  async #write(key: string): Promise<void> {
    const test = this.#pending.get(key)?.test;
    this.#pending.delete(key);
    if (test === undefined) {
      return;
    }
    try {
      await updateRollUpPage(test, false, this.#world);
    } catch (error) {
      const cause = error instanceof Error ? error.message : error;
      this.#world.log(`WARNING: no page for the items of ${test.testName}: ${cause}`);
    }
  }
}

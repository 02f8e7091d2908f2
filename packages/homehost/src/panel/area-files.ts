/**
 * What the files of the area say: read by the manager of the daemon's own user on its host, which is started when it is not there, as
 * the daemon reads none itself. A description is kept for some seconds, and who asks while one is being made gets the same.
 */
import type {AreaDescription, DataAnswer, DataQuestion, Described, TestFiles} from '@megatest/rpc';
import type {OwnManager} from '../own-manager.ts';
import {Turns} from './turns.ts';

const keepMs = 10_000;

type Kept = {readonly description: Promise<AreaDescription>; readonly sinceMs: number};

export class AreaFiles {
  readonly #own: Pick<OwnManager, 'ask'>;
  readonly #turns = new Turns('questions that a manager answers');
  readonly #kept = new Map<Described, Kept>();

  constructor(own: Pick<OwnManager, 'ask'>) {
    this.#own = own;
  }

  async describe(what: Described): Promise<AreaDescription> {
    const known = this.#kept.get(what);
    if (known !== undefined && performance.now() - known.sinceMs < keepMs) {
      return await known.description;
    }
    const description = this.#own.ask('manager.describe', {what: [what]});
    const kept = {description, sinceMs: performance.now()};
    this.#kept.set(what, kept);
    // What has failed is tried again by the next who asks.
    description.catch(() => {
      if (this.#kept.get(what) === kept) {
        this.#kept.delete(what);
      }
    });
    return await description;
  }

  /** The same for a page that can do without: nothing, and why. */
  async tryToDescribe(
    what: Described,
  ): Promise<{readonly description: AreaDescription | undefined; readonly problem: string | null}> {
    try {
      const description = await this.describe(what);
      const {problems} = description;
      return {description, problem: problems.length === 0 ? null : problems.join('\n')};
    } catch (error) {
      return {description: undefined, problem: error instanceof Error ? error.message : String(error)};
    }
  }

  async testFiles(testName: string): Promise<TestFiles> {
    return await this.#turns.take(async () => await this.#own.ask('manager.testFiles', {testName}));
  }

  /** The answer has the kind of the question. */
  async readData(question: DataQuestion): Promise<DataAnswer> {
    return await this.#turns.take(async () => await this.#own.ask('manager.readData', {question}));
  }
}

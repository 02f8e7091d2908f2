/**
 * What a manager has to tell the daemon, first on disk and then on the wire: at least once sent, once in effect.
 *
 * Entries are appended to `journal.jsonl` and sent in order, as many at a time as there are; when everything is acknowledged the
 * file begins anew. A manager that finds a journal of its predecessor sends what is left of it under the same id.
 */
import {randomUUID} from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type {JournalEntry} from '@megatest/rpc';

type Numbered = {readonly seq: number; readonly entry: JournalEntry};

/**
 * What nobody waits for is sent this much later, together with what follows: each call costs the daemon a commit, and a short test
 * is over by then.
 */
const lingerMs = 30;
/** Entries of one call. */
const batchSize = 500;
/** The file begins anew when everything is acknowledged and it has grown beyond this. */
const renewBytes = 1024 * 1024;

export class Journal {
  readonly #path: string;
  readonly #send: (journalId: string, entries: readonly Numbered[]) => Promise<number>;
  #id: string;
  #fd: number;
  #bytes: number;
  #seq = 0;
  #pending: Numbered[] = [];
  #isSending = false;
  #linger: NodeJS.Timeout | undefined;
  readonly #waiting: {readonly seq: number; readonly resolve: () => void}[] = [];

  constructor(path: string, send: (journalId: string, entries: readonly Numbered[]) => Promise<number>) {
    this.#path = path;
    this.#send = send;
    const old = existsSync(path) ? readJournal(path) : undefined;
    this.#id = old?.id ?? randomUUID();
    if (old === undefined) {
      writeFileSync(path, `${JSON.stringify({id: this.#id})}\n`, {mode: 0o600});
    } else {
      this.#pending = [...old.entries];
      this.#seq = Math.max(old.lastSeq, 0);
    }
    this.#fd = openSync(path, 'a', 0o600);
    this.#bytes = readFileSync(path).length;
  }

  /** Writes an entry down; it is sent as soon as the daemon can be reached. */
  add(entry: JournalEntry): void {
    this.#seq += 1;
    const numbered = {seq: this.#seq, entry};
    const line = `${JSON.stringify(numbered)}\n`;
    writeSync(this.#fd, line);
    this.#bytes += line.length;
    this.#pending.push(numbered);
    // The end of a test is what its dependants and the next launch wait for, that of a job who has added it.
    if (isEnd(entry) || isJobEnd(entry)) {
      this.kick();
    } else {
      this.#linger ??= setTimeout(() => this.kick(), lingerMs);
    }
  }

  /** Resolves once everything written so far is acknowledged. */
  async settled(): Promise<void> {
    const seq = this.#seq;
    if (this.#pending.length > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push({seq, resolve});
        this.kick();
      });
    }
  }

  /** Launches whose end is written down and not yet acknowledged: to the daemon they may still look as if nothing had begun. */
  get unheardEnds(): readonly {readonly testId: number; readonly launchId: string}[] {
    return this.#pending.flatMap(({entry}) =>
      isEnd(entry) ? [{testId: entry.testId, launchId: entry.launchId}] : [],
    );
  }

  /** Jobs whose end is written down and not yet acknowledged. */
  get unheardJobs(): readonly {readonly id: number; readonly claimToken: string}[] {
    return this.#pending.flatMap(({entry}) =>
      isJobEnd(entry) ? [{id: entry.id, claimToken: entry.claimToken}] : [],
    );
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** Sends what is pending, unless that is under way. */
  kick(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    if (!this.#isSending && this.#pending.length > 0) {
      this.#isSending = true;
      setImmediate(() => void this.#sendAll());
    }
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const done = await this.#send(this.#id, this.#pending.slice(0, batchSize));
        this.#pending = this.#pending.filter(({seq}) => seq > done);
        for (const waiting of this.#waiting.splice(0)) {
          if (waiting.seq <= done) {
            waiting.resolve();
          } else {
            this.#waiting.push(waiting);
          }
        }
      }
      this.#renew();
    } catch {
      // The connection was closed for good; what is pending stays on disk for the next manager.
    } finally {
      this.#isSending = false;
    }
  }

  #renew(): void {
    if (this.#bytes > renewBytes) {
      const fresh = `${this.#path}.new`;
      // The number goes on: the daemon remembers the last one of this id.
      writeFileSync(fresh, `${JSON.stringify({id: this.#id, seq: this.#seq})}\n`, {mode: 0o600});
      renameSync(fresh, this.#path);
      closeSync(this.#fd);
      this.#fd = openSync(this.#path, 'a', 0o600);
      this.#bytes = 0;
    }
  }
}

type End = Extract<JournalEntry, {readonly type: 'ended' | 'launchFailed' | 'skipped'}>;

function isEnd(entry: JournalEntry): entry is End {
  return entry.type === 'ended' || entry.type === 'launchFailed' || entry.type === 'skipped';
}

type JobEnd = Extract<JournalEntry, {readonly type: 'jobEnded' | 'jobLost'}>;

function isJobEnd(entry: JournalEntry): entry is JobEnd {
  return entry.type === 'jobEnded' || entry.type === 'jobLost';
}

function readJournal(
  path: string,
): {readonly id: string; readonly entries: readonly Numbered[]; readonly lastSeq: number} | undefined {
  const [head = '', ...lines] = readFileSync(path, 'utf8').split('\n');
  try {
    const {id, seq = 0} = JSON.parse(head) as {id: string; seq?: number};
    const entries: Numbered[] = [];
    for (const line of lines) {
      if (line === '') {
        continue;
      }
      try {
        entries.push(JSON.parse(line) as Numbered);
      } catch {
        // The last line of a manager that was killed in the middle of writing it.
      }
    }
    if (!readFileSync(path, 'utf8').endsWith('\n')) {
      appendFileSync(path, '\n');
    }
    return {id, entries, lastSeq: entries.at(-1)?.seq ?? seq};
  } catch {
    return undefined;
  }
}

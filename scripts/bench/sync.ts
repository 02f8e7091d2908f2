/**
 * One flush of M into T with a million tests, of which none, ten or a thousand have changed; beside the copy of just those rows by
 * their ids, and beside SQLite's own copy of the whole file.
 *
 * Options: `--tests 1000000`, `--rounds 7`.
 */
import {mkdtempSync, rmSync, utimesSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {type Connection, flush, openArea, openWorking, reconcile} from '@megatest/store';
import {fillRuns} from './fill.ts';
import {median, type Row} from './report.ts';

const keys = [{name: 'kind', type: 'TEXT'}];
const perRun = 10_000;
const marginS = 10;

export async function sync(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {tests: {type: 'string', default: '1000000'}, rounds: {type: 'string', default: '7'}},
  });
  const tests = Number(values.tests);
  const rounds = Number(values.rounds);
  const directory = mkdtempSync('/var/tmp/megatest-bench-');
  try {
    const files = {working: join(directory, 'm.db'), area: join(directory, 't.db')};
    const bench = new SyncBench(files, tests);
    try {
      return await bench.run(rounds, join(directory, 'backup.db'));
    } finally {
      bench.close();
    }
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}

class SyncBench {
  readonly #files: {readonly working: string; readonly area: string};
  readonly #db: Connection;
  readonly #tests: number;
  /** Each flush comes a minute later than the one before: what was flushed once is not looked at again. */
  #nowS = Math.floor(Date.now() / 1000);
  #next = 0;

  constructor(files: {readonly working: string; readonly area: string}, tests: number) {
    this.#files = files;
    this.#tests = tests;
    reconcile({...files, keys, nowS: this.#nowS});
    this.#db = openWorking(files.working);
    fillRuns(this.#db, Math.max(1, tests / perRun), Math.min(tests, perRun));
    this.#stampAll();
    this.#flush();
  }

  close(): void {
    this.#db.close();
  }

  async run(rounds: number, backup: string): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const count of [10, 1000]) {
      const [ours, bare]: [number[], number[]] = [[], []];
      for (let round = 0; round < rounds; round += 1) {
        bare.push(timeOf(() => this.#copyBare(this.#change(count))));
        // Or T would look as if it was last flushed at the true time, which is minutes before that of this bench.
        utimesSync(this.#files.area, this.#nowS, this.#nowS);
        this.#change(count);
        ours.push(timeOf(() => this.#flush()));
      }
      rows.push({
        what: `flush of ${count} changed rows`,
        ours: median(ours),
        reference: 'bare copy by id',
        referenceValue: median(bare),
        unit: 'ms',
        target: '<= 1.5',
      });
    }
    this.#change(1000);
    const ours = timeOf(() => this.#flush());
    const start = performance.now();
    await this.#db.backup(backup);
    rows.push({
      what: 'flush of 1000 changed rows',
      ours,
      reference: 'db.backup()',
      referenceValue: performance.now() - start,
      unit: 'ms',
      target: '',
    });
    return rows;
  }

  /** Changes rows all over the table, stamped with the present; returns their ids. */
  #change(count: number): readonly number[] {
    this.#nowS += 60;
    const update = this.#db.prepare('UPDATE tests SET status = ?, last_update = ? WHERE id = ?');
    const ids = Array.from({length: Math.min(count, this.#tests)}, () => {
      this.#next = (this.#next + 7919) % this.#tests;
      return this.#next + 1;
    });
    this.#db.transaction(() => {
      for (const id of ids) {
        update.run(id % 2 === 0 ? 'PASS' : 'FAIL', this.#nowS, id);
      }
    })();
    return ids;
  }

  /** As if everything had been written long ago. */
  #stampAll(): void {
    this.#db.exec(
      `UPDATE tests SET last_update = ${this.#nowS - 3600}; UPDATE runs SET last_update = ${this.#nowS - 3600}`,
    );
  }

  #flush(): void {
    const report = flush({...this.#files, owner: '', marginS, nowS: this.#nowS});
    if (report.kind !== 'flushed') {
      throw new Error(`the flush failed: ${JSON.stringify(report)}`);
    }
  }

  /** The least that anybody could do who knew which rows changed. */
  #copyBare(ids: readonly number[]): void {
    const db = openArea(this.#files.area);
    try {
      db.prepare('ATTACH ? AS m').run(this.#files.working);
      const copy = db.prepare('INSERT OR REPLACE INTO main.tests SELECT * FROM m.tests WHERE id = ?');
      db.exec('BEGIN');
      for (const id of ids) {
        copy.run(id);
      }
      db.exec('COMMIT');
    } finally {
      db.close();
    }
  }
}

function timeOf(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

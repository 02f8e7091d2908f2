/**
 * One round of the crash soak: a run over three hosts (daemon on alpha, submitted on beta, a part of the tests by the ssh launcher on
 * gamma), while accidents happen at random: daemon, managers and clients are killed, links are cut and healed, and T cannot be
 * written for a while. Afterwards everything must be as if nothing had happened; what is not is returned as sentences.
 */
import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, readlinkSync} from 'node:fs';
import {join} from 'node:path';
import Database from 'better-sqlite3';
import {type Running, TestArea} from '../rig/area.ts';
import {type Host, Hosts} from '../rig/hosts.ts';
import {Random} from '../runs/random.ts';

export type CrashOptions = {
  readonly seed: number;
  readonly tests: number;
  /** Bodies that start between two accidents, at random up to twice as many: however slow the machine, the run gets on. */
  readonly testsPerAccident: number;
  /** Kinds of accidents that do not happen. */
  readonly without?: readonly string[];
  /** A round that takes longer hangs. */
  readonly limitMs: number;
  /** Told where the area of a round that went wrong is kept. */
  readonly keep?: (path: string) => void;
};

export type CrashOutcome = {
  /** How often each kind of accident happened. */
  readonly accidents: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
};

/** One test in five runs on gamma: each costs a remote shell. */
const farShare = 5;
/** One in so many fails, and one in so many tells of a step by a helper call. */
const failsEvery = 5;
const tellsEvery = 7;
/** A cut link is shorter than the launcher's attempts taken together. */
const longestCutMs = 2000;
/** An accident comes at any moment of what a test does. */
const longestPauseMs = 500;

const body = [
  '#!/bin/sh',
  'echo "$$" >> "$MT_RUN_AREA_HOME/bodies/$MT_TEST_NAME.$MT_ITEMPATH"',
  `[ $((MT_ITEMPATH % ${tellsEvery})) -ne 0 ] || $MT_MEGATEST -step extra :state end :status 0`,
  'sleep 0.1',
  `[ $((MT_ITEMPATH % ${failsEvery})) -ne 0 ]`,
  '',
].join('\n');

const tables = ['runs', 'tests', 'test_steps', 'test_data', 'run_stats', 'runners', 'jobs'] as const;

export async function crashRound(options: CrashOptions): Promise<CrashOutcome> {
  const far = Math.floor(options.tests / farShare);
  const round = await Round.make(options, {near: options.tests - far, far});
  try {
    return await round.go();
  } finally {
    await round.close();
  }
}

class Round {
  readonly #options: CrashOptions;
  readonly #counts: Readonly<Record<string, number>>;
  readonly #area: TestArea;
  readonly #hosts: Hosts;
  readonly #random: Random;
  readonly #accidents: Record<string, number> = {};
  readonly #problems: string[] = [];
  #isOver = false;
  #areReadOnly = false;

  private constructor(
    options: CrashOptions,
    counts: Readonly<Record<string, number>>,
    area: TestArea,
    hosts: Hosts,
  ) {
    this.#options = options;
    this.#counts = counts;
    this.#area = area;
    this.#hosts = hosts;
    this.#random = new Random(options.seed);
  }

  static async make(options: CrashOptions, counts: Readonly<Record<string, number>>): Promise<Round> {
    const items = (count = 0) => Array.from({length: count}, (_, index) => index + 1).join(' ');
    const testconfig = (count = 0) =>
      `[items]\nN ${items(count)}\n[ezsteps]\nfirst $MT_RUN_AREA_HOME/body.sh\n`;
    const area = TestArea.make({
      'runconfigs.config': '[default]\n',
      'body.sh': body,
      'bodies/.keep': '',
      ...Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [`tests/${name}/testconfig`, testconfig(count)]),
      ),
      'megatest.config': [
        '[fields]\nPLATFORM TEXT',
        '[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nmax_concurrent_jobs 8\nminspace 1\ndbdir-space-required 1',
        '[disks]\ndisk0 #{getenv MT_RUN_AREA_HOME}/runs',
        '[sync]\ninterval 1',
        '[jobtools]\nflexi-launcher yes',
        '[launchers]\nfar remote',
        '[host-types]\nremote ssh gamma\n',
      ].join('\n'),
    });
    const hosts = await Hosts.make(['alpha', 'beta', 'gamma'], area.beside('.'));
    await hosts.startSsh(area.beside('.'));
    return new Round(options, counts, area, hosts);
  }

  async go(): Promise<CrashOutcome> {
    const started = await this.#area.megatest(['server', 'start'], {host: this.#hosts.host('alpha')});
    this.#expect(started.code === 0, `the daemon did not start: ${started.stderr}`);
    const accidents = this.#causeAccidents();
    await Promise.race([
      this.#runToTheEnd(),
      new Promise<void>((resolve) => {
        setTimeout(() => {
          this.#isOver = true;
          resolve();
        }, this.#options.limitMs).unref();
      }),
    ]);
    this.#isOver = true;
    await accidents;
    await this.#settle();
    this.#checkResults();
    this.#checkCopies();
    return {accidents: this.#accidents, problems: this.#problems};
  }

  async close(): Promise<void> {
    this.#setReadOnly(false);
    await this.#area.end();
    await this.#hosts[Symbol.asyncDispose]();
    if (this.#problems.length > 0 && this.#options.keep !== undefined) {
      this.#options.keep(this.#area.path);
    } else {
      await this.#area[Symbol.asyncDispose]();
    }
  }

  #expect(isSo: boolean, problem: string): void {
    if (!isSo) {
      this.#problems.push(problem);
    }
  }

  /** Whoever submitted and was killed asks again, as a user would; a run that goes on is joined. */
  async #runToTheEnd(): Promise<void> {
    while (!this.#isOver) {
      const run = this.#start('beta', ['megatest', 'run', '-t', 'x', '-n', 'r']);
      const {code} = await run.ended;
      // Killed: by this round, or because its daemon could not be reached for long.
      if (code !== null && this.#left() === 0) {
        return;
      }
    }
  }

  #start(host: string, words: readonly string[]): Running {
    return this.#area.start(words, {host: this.#hosts.host(host)});
  }

  /** Instances that have not ended, as M has them. */
  #left(): number {
    const expected = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    try {
      const [row] = this.#read<{ended: number}>(
        this.#working,
        "SELECT count(*) AS ended FROM tests WHERE item_path <> '' AND state = 'COMPLETED'",
      );
      return expected - (row?.ended ?? 0);
    } catch {
      return expected;
    }
  }

  async #causeAccidents(): Promise<void> {
    const accidents: readonly (readonly [string, () => Promise<boolean> | boolean])[] = [
      ['daemon killed', () => this.#kill('alpha', 'dist/megatest.js -server')],
      ['manager killed', () => this.#kill(this.#random.pick(['beta', 'gamma']), 'dist/manager.js')],
      ['client killed', () => this.#kill('beta', 'dist/megatest.js run')],
      ['reader killed', async () => await this.#killReader()],
      ['link cut', async () => await this.#cutLink()],
      ['T read-only', async () => await this.#blockArea()],
    ];
    const happens = accidents.filter(([name]) => this.#options.without?.includes(name) !== true);
    let started = 0;
    while (!this.#isOver) {
      started += this.#random.below(2 * this.#options.testsPerAccident + 1);
      await this.#untilStarted(started);
      await this.#pause(this.#random.next() * longestPauseMs);
      started = this.#startedBodies();
      const [name, cause] = this.#random.pick(happens);
      if (!this.#isOver && (await cause())) {
        this.#accidents[name] = (this.#accidents[name] ?? 0) + 1;
      }
    }
  }

  async #untilStarted(bodies: number): Promise<void> {
    while (!this.#isOver && this.#startedBodies() < bodies) {
      await this.#pause(20);
    }
  }

  #startedBodies(): number {
    return readdirSync(join(this.#area.path, 'bodies')).length - 1;
  }

  async #pause(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms));
  }

  #kill(host: string, command: string): boolean {
    const space = spaceOf(this.#hosts.host(host));
    const found = this.#area
      .processes()
      .find((one) => one.command.includes(command) && hasThreads(one.pid) && networkOf(one.pid) === space);
    if (found === undefined) {
      return false;
    }
    try {
      process.kill(found.pid, 'SIGKILL');
      return true;
    } catch {
      return false;
    }
  }

  async #killReader(): Promise<boolean> {
    const reader = this.#start(this.#random.pick(['alpha', 'beta', 'gamma']), [
      'megatest',
      '-list-runs',
      '%',
    ]);
    await this.#pause(this.#random.next() * 400);
    reader.child.kill('SIGKILL');
    await reader.ended;
    return true;
  }

  async #cutLink(): Promise<boolean> {
    const host = this.#random.pick(this.#hosts.hosts);
    host.cutLink();
    await this.#pause(this.#random.next() * longestCutMs);
    host.healLink();
    return true;
  }

  async #blockArea(): Promise<boolean> {
    if (!existsSync(join(this.#area.path, 'megatest.db'))) {
      return false;
    }
    if (!this.#setReadOnly(true)) {
      return false;
    }
    await this.#pause(this.#random.next() * longestCutMs);
    return this.#setReadOnly(false);
  }

  /** T is on a read-only mount for everybody on the homehost; false when it is open for writing at this moment. */
  #setReadOnly(isReadOnly: boolean): boolean {
    if (this.#areReadOnly === isReadOnly) {
      return true;
    }
    const [program = '', ...words] = this.#hosts.host('alpha').enter;
    const file = join(this.#area.path, 'megatest.db');
    const script = isReadOnly
      ? 'mount --bind "$0" "$0" && { mount -o remount,ro,bind "$0" 2>/dev/null || { umount -l "$0"; echo busy; }; }'
      : 'umount -l "$0"';
    const isBusy = execFileSync(program, [...words, 'sh', '-c', script, file], {encoding: 'utf8'}) !== '';
    this.#areReadOnly = isReadOnly && !isBusy;
    return !isBusy;
  }

  /** Lets everybody tell what is left to tell, and leave. */
  async #settle(): Promise<void> {
    for (const host of this.#hosts.hosts) {
      host.healLink();
    }
    this.#setReadOnly(false);
    if (this.#left() === 0) {
      await this.#start('beta', ['megatest', 'wait', '-t', 'x', '-n', 'r']).ended;
    } else {
      this.#problems.push(`${this.#left()} tests never ended`);
    }
    for (const host of ['beta', 'gamma']) {
      await this.#start(host, ['megatest', 'managers', 'stop']).ended;
    }
    const flushed = await this.#start('alpha', ['megatest', 'rpc', 'sync.flush']).ended;
    this.#expect(flushed.code === 0, `the last flush failed: ${flushed.stderr}`);
    const listed = await this.#start('gamma', ['megatest', '-list-runs', '%']).ended;
    this.#expect(listed.code === 0, `the results cannot be listed: ${listed.stderr}`);
    const stopped = await this.#start('alpha', ['megatest', 'server', 'stop']).ended;
    this.#expect(stopped.code === 0, `the daemon did not stop: ${stopped.stderr}`);
    const deadline = performance.now() + 60_000;
    while (this.#area.processes().length > 0 && performance.now() < deadline) {
      await this.#pause(100);
    }
    const left = this.#area.processes().map(({pid, command}) => `${pid} ${command}`);
    this.#expect(left.length === 0, `processes are left: ${left.join('; ')}`);
  }

  #checkResults(): void {
    const rows = this.#read<{name: string; item: number; state: string; status: string; extra: number}>(
      this.#working,
      `SELECT testname AS name, CAST(item_path AS INTEGER) AS item, state, status,
         (SELECT count(*) FROM test_steps WHERE test_id = tests.id AND stepname = 'extra') AS extra
       FROM tests WHERE item_path <> '' ORDER BY name, item`,
    );
    const found = new Map(rows.map((row) => [`${row.name}.${row.item}`, row]));
    for (const [name, count] of Object.entries(this.#counts)) {
      for (let item = 1; item <= count; item += 1) {
        const id = `${name}.${item}`;
        const row = found.get(id);
        const wanted = item % failsEvery === 0 ? 'FAIL' : 'PASS';
        const is = `${row?.state}/${row?.status}`;
        this.#expect(is === `COMPLETED/${wanted}`, `${id} is ${is} instead of COMPLETED/${wanted}`);
        const extra = item % tellsEvery === 0 ? 1 : 0;
        this.#expect(
          row?.extra === extra,
          `${id} has ${row?.extra} steps of a helper call instead of ${extra}`,
        );
        const bodies = this.#bodiesOf(id);
        this.#expect(bodies === 1, `the body of ${id} ran ${bodies} times`);
      }
    }
    const extras = rows.length - Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    this.#expect(extras === 0, `${extras} tests too many`);
  }

  #bodiesOf(id: string): number {
    try {
      return readFileSync(join(this.#area.path, 'bodies', id), 'utf8')
        .trim()
        .split('\n').length;
    } catch {
      return 0;
    }
  }

  #checkCopies(): void {
    const cache = this.#cache();
    if (cache === undefined) {
      this.#problems.push('gamma has no cache');
      return;
    }
    const files = {M: this.#working, T: join(this.#area.path, 'megatest.db'), C: cache};
    for (const [name, file] of Object.entries(files)) {
      const [row] = this.#read<{integrity_check: string}>(file, 'PRAGMA integrity_check');
      this.#expect(row?.integrity_check === 'ok', `${name} is damaged: ${row?.integrity_check}`);
    }
    for (const table of tables) {
      const where = table === 'jobs' ? " WHERE action <> 'launch-test'" : '';
      const [m, t, c] = Object.values(files).map((file) =>
        this.#read<Record<string, unknown>>(file, `SELECT * FROM ${table}${where} ORDER BY id`).map((row) =>
          JSON.stringify(row),
        ),
      );
      for (const [name, rows] of [
        ['T', t],
        ['C', c],
      ] as const) {
        const differs = m?.find((row, index) => row !== rows?.[index]) ?? rows?.[m?.length ?? 0];
        this.#expect(differs === undefined, `${name} is not M in ${table}: ${differs}`);
      }
    }
  }

  /** The file of C on gamma. */
  #cache(): string | undefined {
    const tmp = this.#hosts.host('gamma').tmp;
    const found = readdirSync(tmp, {recursive: true}).map(String);
    const name = found.find((path) => path.includes('megatest_cache') && path.endsWith('.db'));
    return name === undefined ? undefined : join(tmp, name);
  }

  /** M, on the homehost's own disk. */
  get #working(): string {
    const tmp = this.#hosts.host('alpha').tmp;
    const found = readdirSync(tmp, {recursive: true}).map(String);
    const name = found.find((path) => path.includes('megatest_localdb') && path.endsWith('/megatest.db'));
    return join(tmp, name ?? 'megatest.db');
  }

  #read<T>(file: string, sql: string): readonly T[] {
    const db = new Database(file, {readonly: true, timeout: 10_000});
    try {
      return db.prepare<[], T>(sql).all();
    } finally {
      db.close();
    }
  }
}

function networkOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}

/** The network namespace tells the hosts apart: they share their processes. */
function spaceOf(host: Host): string {
  return networkOf(Number(host.enter[2]));
}

/** Not a child that is about to become another program and still looks like its parent. */
function hasThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/**
 * The helper calls inside tests (spec execution.md 17): `-step`, `-test-status`, `-setlog`, `-set-values`, `-load-test-data`, ...
 * They go to the manager of this host, which writes them down before it sends them on. Where a manager has been and is no more, the
 * next one is waited for: only it knows what the one before had to say of the test first. Where none ever was (a script that went to
 * another host) they go straight to the daemon.
 *
 * What only some calls need is loaded when they need it: most of the time of a call is the start of its process.
 */
import {type CommandInfo, decodeCommandInfo, hasServedHere, keepPending, readDat} from '@megatest/manager';
import {parseCsv, singleValue, UserError} from '@megatest/model';
import {
  makeManagerClient,
  managerCallsDirectory,
  managerSocket,
  type ReportEntry,
  somebodyListens,
  startManager,
} from '@megatest/rpc';
import {LegacyArguments} from '../legacy/arguments.ts';
import {bundlePath, loadPart} from '../programs.ts';
import {limitS} from './helper-patience.ts';

export type HelperWords = {
  value(...options: readonly string[]): string | undefined;
  has(...options: readonly string[]): boolean;
  readonly remainder: readonly string[];
};

export type HelperMessages = {
  print(text: string): void;
  say(level: number, text: string): void;
  error(text: string): void;
};

/** Whoever waits for the run starts a lost manager again at once; only where nobody does is it left to helper calls. */
const startPatienceMs = 2000;

/** Makes the calls that the words ask for, in their fixed order; returns the exit code. */
export async function helperCall(words: HelperWords, messages: HelperMessages): Promise<number> {
  const encoded = process.env.MT_CMDINFO;
  if (encoded === undefined || encoded === '') {
    messages.error('MT_CMDINFO env var not set, this command only works inside a running test');
    return 5;
  }
  const info = decodeCommandInfo(encoded);
  process.chdir(info['work-area']);
  const call = new HelperCall(info, words);
  const problem = call.check();
  if (problem !== undefined) {
    messages.error(problem);
    return 6;
  }
  if (words.has('-runstep')) {
    const {runStep} = loadPart('helper-extras');
    return await runStep(call, words, messages);
  }
  await call.collect();
  if (!(await call.send(messages))) {
    return 1;
  }
  if (words.has('-summarize-items')) {
    const {summarizeItems, withDaemon} = loadPart('helper-extras');
    await withDaemon(info, async (daemon) => await summarizeItems(info, daemon, messages));
  }
  return 0;
}

/** What the words of a call report, for a manager that answers them itself; `undefined` when there is something to say first. */
export async function readHelperCall(
  words: readonly string[],
  info: CommandInfo,
): Promise<readonly ReportEntry[] | undefined> {
  const args = new LegacyArguments(words);
  const call = new HelperCall(info, args);
  if (args.unrecognised !== undefined || call.check() !== undefined) {
    return undefined;
  }
  await call.collect();
  return call.entries;
}

export class HelperCall {
  readonly info: CommandInfo;
  readonly #words: HelperWords;
  readonly #entries: ReportEntry[] = [];
  #topLog: string | undefined;

  constructor(info: CommandInfo, words: HelperWords) {
    this.info = info;
    this.#words = words;
  }

  /** What is missing, as a sentence. */
  check(): string | undefined {
    const words = this.#words;
    const hasBoth = words.has(':state', '-state') && words.has(':status', '-status');
    if (words.has('-step') && !hasBoth) {
      return 'You must specify :state and :status with every call to -step';
    }
    if (words.has('-test-status') && !hasBoth) {
      return 'You must specify :state and :status with every call to -test-status';
    }
    if (words.has('-runstep') && words.remainder.length === 0) {
      return 'nothing specified to run!';
    }
    return undefined;
  }

  /** Turns the words into report entries, in the fixed order of cli.md 4 step 16. */
  async collect(): Promise<void> {
    const words = this.#words;
    if (words.has('-step')) {
      this.#step();
    }
    if (words.has('-load-test-data')) {
      this.add({type: 'data', rows: [...parseCsv(await readStdin())], rollup: true});
    }
    const log = words.value('-setlog');
    if (log !== undefined && !words.has('-step')) {
      this.setLog(log);
    }
    this.#topLog = words.value('-set-toplog');
    if (words.has('-test-status', '-set-values')) {
      this.#status();
    }
  }

  add(entry: DistributiveOmit<ReportEntry, 'testId' | 'launchId'>): void {
    this.#entries.push({
      ...entry,
      testId: this.info['test-id'],
      launchId: this.info['launch-id'],
    } as ReportEntry);
  }

  step(stepName: string, state: string, status: string, comment: string, logfile: string): void {
    const eventTime = Math.floor(Date.now() / 1000);
    this.add({type: 'step', stepName, state, status, eventTime, comment, logfile});
  }

  setLog(finalLogf: string): void {
    this.add({type: 'update', set: {finalLogf}});
  }

  get entries(): readonly ReportEntry[] {
    return this.#entries;
  }

  /** Sends what has been collected; true once the daemon has it, false when it is kept in the run directory for later. */
  async send(messages: HelperMessages): Promise<boolean> {
    const {info} = this;
    const entries = this.#entries.splice(0);
    try {
      await this.#send(entries, messages);
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
      keepPending(info['work-area'], entries);
      messages.error(`${error.message}; what this call reports is kept until the test ends`);
      return false;
    }
  }

  async #send(entries: readonly ReportEntry[], messages: HelperMessages): Promise<void> {
    const {info} = this;
    const area = {path: info.toppath, name: info.areaname};
    const isManaged =
      hasServedHere(managerCallsDirectory(area)) ||
      (await somebodyListens(managerSocket(area.path, process.getuid?.() ?? 0)));
    if (entries.length > 0 && isManaged) {
      const beganMs = performance.now();
      const start = () => {
        if (performance.now() - beganMs > startPatienceMs) {
          startManager(bundlePath('manager'), area, undefined);
        }
      };
      const manager = makeManagerClient({area, giveUpS: limitS(), start});
      await manager.call('helper.report', {entries: [...entries]});
      manager.close();
    } else if (entries.length > 0) {
      const {sendAlone} = loadPart('helper-extras');
      await sendAlone(info, entries, messages);
    }
    const topLog = this.#topLog;
    if (topLog !== undefined) {
      const {withDaemon} = loadPart('helper-extras');
      await withDaemon(info, async (daemon) => {
        const test = {runId: info['run-id'], testName: info['test-name'], itemPath: ''};
        await daemon.call('tests.update', {test, set: {finalLogf: topLog}});
      });
    }
  }

  #step(): void {
    const words = this.#words;
    const name = words.value('-step') ?? '';
    const dat = readDat(this.info['work-area'], name);
    const comment = dat.comment ?? words.value('-m') ?? '';
    if (dat.rows.length > 0) {
      this.add({type: 'data', rows: [...dat.rows], rollup: false});
    }
    const state = words.value('-state', ':state') ?? '';
    const status = words.value('-status', ':status') ?? '';
    this.step(name, state, status, comment, words.value('-setlog') ?? '');
  }

  #status(): void {
    const words = this.#words;
    const state = words.value('-state', ':state');
    const status = words.value('-status', ':status');
    const comment = words.value('-m');
    const fields = [':value', ':expected', ':tol'].map((option) => words.value(option));
    const [value, expected, tol] = fields;
    if (value !== undefined && expected !== undefined && tol !== undefined) {
      const text = (option: string) => words.value(option) ?? '';
      const row = singleValue({
        category: text(':category'),
        variable: text(':variable'),
        value,
        expected,
        tol,
        units: text(':units'),
        comment: '',
      });
      this.add({type: 'data', rows: [row], rollup: false});
    }
    if (state !== undefined || status !== undefined || (comment ?? '').trim() !== '') {
      this.add({
        type: 'state',
        ...(state === undefined ? {} : {state}),
        ...(status === undefined ? {} : {status: translate(status)}),
        ...(comment === undefined || comment.trim() === '' ? {} : {comment}),
      });
    }
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** A number is an exit code: 0 is PASS, any other FAIL. */
function translate(status: string): string {
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(status.trim()) ? (Number(status) === 0 ? 'PASS' : 'FAIL') : status;
}

async function readStdin(): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString('utf8');
}

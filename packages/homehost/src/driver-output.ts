/** What a driver says to whoever watches it: numbered, the last entries kept, each result once in the line of the old style. */
import {stateKind} from '@megatest/model';
import type {TestCore} from '@megatest/store';
import {resultHeader, resultLine} from './result-line.ts';

export type OutputEntry = {
  readonly seq: number;
  readonly stream: 'stdout' | 'log';
  readonly level: number;
  readonly text: string;
};

type Result = Pick<
  TestCore,
  'id' | 'testName' | 'itemPath' | 'state' | 'status' | 'eventTime' | 'runDuration'
>;

const keptEntries = 10_000;
/** So many are dropped at a time: to drop one moves all others. */
const droppedEntries = 1000;
/** States that a run does not report as results. */
const silentStates = new Set(['NOT_STARTED', 'LAUNCHED', 'REMOTEHOSTSTART', 'RUNNING', 'DELETED']);
const headerPauseS = 600;

export class DriverOutput {
  readonly #directory: string;
  readonly #onEntry: (entry: OutputEntry) => void;
  readonly #entries: OutputEntry[] = [];
  readonly #said = new Map<number, string>();
  #nextSeq = 0;
  #lastHeaderS = 0;

  /** `directory`: of the run, as its result lines name it. */
  constructor(directory: string, onEntry: (entry: OutputEntry) => void) {
    this.#directory = directory;
    this.#onEntry = onEntry;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  from(seq: number): readonly OutputEntry[] {
    return this.#entries.filter((entry) => entry.seq >= seq);
  }

  say(level: number, text: string, stream: OutputEntry['stream']): void {
    const entry: OutputEntry = {seq: this.#nextSeq, stream, level, text};
    this.#nextSeq += 1;
    this.#entries.push(entry);
    if (this.#entries.length >= keptEntries + droppedEntries) {
      this.#entries.splice(0, droppedEntries);
    }
    this.#onEntry(entry);
  }

  /** Whether a row has a result that was not said yet. */
  isNewResult({id, state, status}: Result): boolean {
    const kind = stateKind(state);
    const isSilent = silentStates.has(state) || kind === 'busy' || kind === 'ending';
    return !isSilent && this.#said.get(id) !== `${state}/${status}`;
  }

  sayResult(row: Result, nowS: number): void {
    const {id, state, status, eventTime, runDuration, testName, itemPath} = row;
    this.#said.set(id, `${state}/${status}`);
    if (nowS - this.#lastHeaderS > headerPauseS) {
      this.#lastHeaderS = nowS;
      this.say(0, resultHeader(), 'stdout');
    }
    const path = `${this.#directory}/${testName}${itemPath === '' ? '' : `/${itemPath}`}`;
    const result = {state, status, eventTimeS: eventTime, durationS: runDuration, path};
    this.say(0, resultLine(result), 'stdout');
  }
}

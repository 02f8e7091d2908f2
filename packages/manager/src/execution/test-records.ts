/**
 * What is reported of one test, and what is known of it from that: state, status, final log and steps, also those that helper calls
 * of its scripts report. So the summary page and the decisions at the end need no question to the daemon.
 */
import type {ReportEntry} from '@megatest/rpc';
import type {StepRecord} from './step-view.ts';

export type Written = {readonly state: string; readonly status: string};

type Unsigned = DistributiveOmit<ReportEntry, 'testId' | 'launchId'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

const defaultLog = 'logs/final.log';

export class TestRecords {
  readonly #ids: {readonly testId: number; readonly launchId: string};
  readonly #send: (entry: ReportEntry) => void;
  readonly #onWritten: (written: Written) => void;
  readonly #steps: StepRecord[] = [];
  #state = 'RUNNING';
  #status = 'n/a';
  #finalLog = defaultLog;

  constructor(
    ids: {readonly testId: number; readonly launchId: string},
    send: (entry: ReportEntry) => void,
    onWritten: (written: Written) => void,
  ) {
    this.#ids = ids;
    this.#send = send;
    this.#onWritten = onWritten;
  }

  /** Whether the end of the job still decides the result: no script has set a state of its own. */
  get isOpen(): boolean {
    return this.#state === 'RUNNING' || this.#state === 'REMOTEHOSTSTART';
  }

  get written(): Written {
    return {state: this.#state, status: this.#status};
  }

  get finalLog(): string {
    return this.#finalLog;
  }

  get steps(): readonly StepRecord[] {
    return this.#steps;
  }

  report(entry: Unsigned): void {
    const signed = {...entry, ...this.#ids} as ReportEntry;
    this.#send(signed);
    this.observe(signed);
  }

  step(step: StepRecord): void {
    this.report({type: 'step', ...step});
  }

  /** Takes note of an entry that is in the journal already. */
  observe(entry: ReportEntry): void {
    switch (entry.type) {
      case 'step': {
        const {stepName, state, status, eventTime, comment, logfile} = entry;
        this.#steps.push({stepName, state, status, eventTime, comment, logfile});
        return;
      }
      case 'update':
        if (typeof entry.set.finalLogf === 'string') {
          this.#finalLog = entry.set.finalLogf;
        }
        return;
      case 'claimed':
        this.#write({state: 'REMOTEHOSTSTART', status: 'n/a'});
        return;
      case 'state':
        this.#write({state: entry.state ?? this.#state, status: entry.status ?? this.#status});
        return;
      case 'ended': {
        if (entry.state !== undefined || this.isOpen) {
          this.#write({state: entry.state ?? 'COMPLETED', status: entry.status ?? this.#status});
        }
        return;
      }
      default:
        return;
    }
  }

  #write(written: Written): void {
    this.#state = written.state;
    this.#status = written.status;
    this.#onWritten(written);
  }
}

/** Step records as people look at them: one entry for each step (spec execution.md 15). Times are seconds since the epoch. */
import {formatDuration} from '@megatest/model';

export type StepRecord = {
  readonly stepName: string;
  readonly state: string;
  readonly status: string;
  readonly eventTime: number;
  readonly comment: string;
  readonly logfile: string;
};

export type StepView = {
  readonly name: string;
  readonly startS: number | undefined;
  /** A time, or the text of a state that is neither start nor end. */
  readonly end: number | string | undefined;
  readonly status: string;
  readonly duration: string;
  readonly comment: string;
  readonly logfile: string;
};

/** `records` in the order of their ids. Sorted by start; a step that is being repeated shows as running. */
export function stepViews(records: readonly StepRecord[]): readonly StepView[] {
  const views = new Map<string, StepView>();
  for (const record of [...records].sort((a, b) => a.eventTime - b.eventTime)) {
    views.set(record.stepName, merged(views.get(record.stepName), record));
  }
  return [...views.values()]
    .map((view) =>
      view.startS !== undefined && typeof view.end === 'number' && view.startS > view.end
        ? {...view, status: 'running', end: undefined, duration: ''}
        : view,
    )
    .sort((a, b) => (a.startS ?? Number.POSITIVE_INFINITY) - (b.startS ?? Number.POSITIVE_INFINITY));
}

function merged(view: StepView | undefined, record: StepRecord): StepView {
  const {stepName: name, state, status, eventTime, comment, logfile} = record;
  const before = view ?? {
    name,
    startS: undefined,
    end: undefined,
    status: '',
    duration: '',
    comment: '',
    logfile: '',
  };
  switch (state) {
    case 'start':
      return {
        ...before,
        startS: eventTime,
        status: before.status || status,
        logfile: logfile || before.logfile,
      };
    case 'end':
      return {
        ...before,
        end: eventTime,
        status,
        duration: before.startS === undefined ? '-1' : formatDuration(eventTime - before.startS),
        comment: comment || before.comment,
        logfile: logfile || before.logfile,
      };
    default:
      return {...before, end: state, status, duration: String(eventTime), comment};
  }
}

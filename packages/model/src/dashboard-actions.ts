/**
 * What may be asked for on the pages of the dashboard (spec dashboard.md B7): which commands that means (A8.1, A10, A11.2), which job
 * does the same, how dangerous it is, and what it concerns. One table; who adds the job and counts what it concerns is elsewhere.
 */
import {isPattern} from './is-pattern.ts';
import type {JobAction} from './job-actions.ts';
import {removeWords, selectorWords} from './job-words.ts';
import {quoteForShell} from './quote-for-shell.ts';
import {UserError} from './user-error.ts';

/** What an action is about; the empty text where nothing is said. */
export type ActionRequest = {
  readonly target: string;
  readonly runName: string;
  readonly testPatt: string;
  /** Comma lists: only tests in one of these states, with one of these statuses. */
  readonly state?: string | undefined;
  readonly status?: string | undefined;
  /** `STATE/STATUS`, either of which may be empty. */
  readonly new?: string | undefined;
  readonly message?: string | undefined;
  readonly preclean?: boolean | undefined;
  readonly fromStep?: string | undefined;
  readonly onlyStep?: boolean | undefined;
  /** A command line that somebody has typed. */
  readonly command?: string | undefined;
};

export type ActionDanger = 'low' | 'medium' | 'high';

/** What is counted: tests of runs (of locked ones too, or not), those of them that are running, whole runs, or nothing. */
export type ActionConcern = 'tests' | 'unlockedTests' | 'runningTests' | 'runs' | 'nothing';

export type ActionPlan = {
  /** Each is done when the one before has ended with 0. The first word of each is `megatest`. */
  readonly commands: readonly (readonly string[])[];
  readonly job: {
    readonly action: JobAction;
    readonly testPatt: string;
    readonly params: ActionJobParams;
  };
  readonly danger: ActionDanger;
  readonly concerns: ActionConcern;
  /** Only tests in these states, with these statuses: comma lists. */
  readonly state: string | undefined;
  readonly status: string | undefined;
  /** What must be typed before it is done. */
  readonly typed: string | undefined;
};

type ActionJobParams = Pick<
  ActionRequest,
  'state' | 'status' | 'new' | 'message' | 'preclean' | 'fromStep' | 'onlyStep'
> & {readonly commands?: readonly (readonly string[])[]};

type Option = keyof ActionRequest;
type Need = Exclude<Option, 'state' | 'status' | 'preclean' | 'onlyStep'>;

type ActionFacts = {
  readonly danger: ActionDanger;
  readonly concerns: ActionConcern;
  readonly needs: readonly Need[];
  /** What may be said besides; all else is refused, as it would be ignored. */
  readonly takes?: readonly Option[];
  /** It concerns one run: neither target nor run name may be a pattern. */
  readonly isOfOneRun?: boolean;
  readonly mustType?: (request: ActionRequest) => boolean;
  readonly make: (request: ActionRequest) => {
    readonly words: readonly (readonly string[])[];
    readonly action: JobAction;
    readonly params: ActionJobParams;
  };
};

const run: readonly Need[] = ['target', 'runName'];
const tests: readonly Need[] = [...run, 'testPatt'];
const runningStates = 'RUNNING,REMOTEHOSTSTART,LAUNCHED';

const remove: Pick<ActionFacts, 'danger' | 'concerns' | 'takes' | 'mustType' | 'make'> = {
  danger: 'high',
  concerns: 'unlockedTests',
  takes: ['state', 'status'],
  mustType: ({target, runName, testPatt}) => [target, runName, testPatt].some(isPattern),
  make: (request) => {
    const {state, status} = request;
    return {words: [removeWords(request)], action: 'remove', params: {state, status}};
  },
};

const rerun: Pick<ActionFacts, 'concerns' | 'isOfOneRun' | 'make'> = {
  concerns: 'unlockedTests',
  isOfOneRun: true,
  make: (request) => ({
    words: [
      [
        ...['-set-state-status', 'NOT_STARTED,n/a', '-run'],
        ...selectorWords(unfiltered(request)),
        ...['-preclean', '-clean-cache'],
      ],
    ],
    action: 'rerun-all',
    params: {preclean: true},
  }),
};

const setStates: Pick<ActionFacts, 'danger' | 'concerns' | 'takes' | 'make'> = {
  danger: 'low',
  concerns: 'unlockedTests',
  takes: ['state', 'status', 'message'],
  make: (request) => {
    const {target, runName, testPatt, state, status, message, new: value = '/'} = request;
    const options: readonly (readonly [string, string | undefined])[] = [
      ['--new', value],
      ['-t', target],
      ['-n', runName],
      ['-p', testPatt],
      ['--state', state],
      ['--status', status],
      ['-m', message],
    ];
    const given = options.flatMap(([name, text]) => (text === undefined ? [] : [name, text]));
    return {
      words: [['jobs', 'add', 'set-ss', ...given]],
      action: 'set-ss',
      params: {state, status, message, new: value},
    };
  },
};

const lock = (action: 'lock' | 'unlock'): ActionFacts => ({
  danger: 'low',
  concerns: 'runs',
  needs: run,
  make: ({target, runName}) => ({
    words: [[`-${action}`, '-target', target, '-runname', runName]],
    action,
    params: {},
  }),
});

const ACTIONS = {
  run: {
    danger: 'low',
    concerns: 'tests',
    needs: run,
    takes: ['testPatt', 'preclean'],
    isOfOneRun: true,
    make: (request) => {
      const {preclean} = request;
      return {words: [runWords(request, preclean === true)], action: 'run', params: {preclean}};
    },
  },
  rerun: {...rerun, danger: 'low', needs: tests},
  'rerun-step': {
    danger: 'low',
    concerns: 'unlockedTests',
    needs: [...tests, 'fromStep'],
    takes: ['onlyStep'],
    isOfOneRun: true,
    make: ({target, runName, testPatt, fromStep = '', onlyStep}) => ({
      words: [
        [
          ...['rerun', '-t', target, '-n', runName, '-p', testPatt, '--from-step', fromStep],
          ...(onlyStep === true ? ['--only'] : []),
        ],
      ],
      action: 'rerun-step',
      params: {fromStep, onlyStep},
    }),
  },
  'set-state': {...setStates, needs: [...tests, 'new']},
  comment: {...setStates, needs: [...tests, 'message'], make: (request) => setAs(request, '/')},
  waive: {...setStates, needs: tests, make: (request) => setAs(request, '/WAIVED')},
  kill: {
    danger: 'medium',
    concerns: 'runningTests',
    needs: tests,
    make: (request) => ({
      words: [
        [
          '-set-state-status',
          'KILLREQ,n/a',
          ...selectorWords({...unfiltered(request), state: runningStates}),
        ],
      ],
      action: 'set-ss',
      params: {new: 'KILLREQ/n/a', state: runningStates},
    }),
  },
  'kill-complete-run': {
    danger: 'medium',
    concerns: 'runningTests',
    needs: run,
    make: ({target, runName}) => ({
      words: [['kill', '-t', target, '-n', runName]],
      action: 'kill',
      params: {},
    }),
  },
  clean: {...remove, needs: tests},
  'clean-run': {
    danger: 'high',
    concerns: 'unlockedTests',
    needs: tests,
    isOfOneRun: true,
    make: (request) => {
      const words = [removeWords(unfiltered(request)), runWords(request, true)];
      return {words, action: 'command', params: {commands: words}};
    },
  },
  'rerun-complete-run': {...rerun, danger: 'high', needs: run},
  'clean-complete-run': {...remove, needs: run, takes: []},
  'remove-runs': {...remove, needs: run, takes: ['testPatt', 'state', 'status']},
  lock: lock('lock'),
  unlock: lock('unlock'),
  command: {
    danger: 'high',
    concerns: 'nothing',
    needs: ['command'],
    make: ({command = ''}) => {
      const words = [typedWords(command)];
      return {words, action: 'command', params: {commands: words}};
    },
  },
} as const satisfies Readonly<Record<string, ActionFacts>>;

type ActionName = keyof typeof ACTIONS;

export const ACTION_NAMES = Object.keys(ACTIONS) as readonly ActionName[] as readonly [
  ActionName,
  ...ActionName[],
];

/** Throws a `UserError` that says what the request lacks. */
export function planAction(name: ActionName, given: ActionRequest): ActionPlan {
  const facts: ActionFacts = ACTIONS[name];
  const {needs, takes = []} = facts;
  for (const need of needs) {
    if ((given[need] ?? '') === '') {
      throw new UserError(`"${name}" needs ${needTexts[need]}`);
    }
  }
  const known: ReadonlySet<string> = new Set<string>([...needs, ...takes]);
  for (const [option, value] of Object.entries(given)) {
    if (value !== undefined && value !== '' && !known.has(option)) {
      throw new UserError(`"${name}" takes no "${option}"`);
    }
  }
  if (facts.isOfOneRun === true && [given.target, given.runName].some(isPattern)) {
    throw new UserError(`"${name}" is of one run: ${given.target} ${given.runName} is a pattern`);
  }
  const request = given.testPatt === '' ? {...given, testPatt: '%'} : given;
  const {words, action, params} = facts.make(request);
  const isOfTests = facts.concerns !== 'runs' && facts.concerns !== 'nothing';
  return {
    commands: words.map((command) => ['megatest', ...command]),
    job: {action, testPatt: isOfTests ? request.testPatt : '', params},
    danger: facts.danger,
    concerns: facts.concerns,
    state: facts.concerns === 'runningTests' ? runningStates : params.state,
    status: params.status,
    typed: facts.mustType?.(request) === true ? request.runName : undefined,
  };
}

/** As one would type them. */
export function commandText(commands: ActionPlan['commands']): string {
  return commands.map((words) => words.map(quoteForShell).join(' ')).join(' && ');
}

const needTexts: Readonly<Record<Need, string>> = {
  target: 'a target',
  runName: 'a run name',
  testPatt: 'the names of the tests',
  new: 'the new STATE/STATUS',
  message: 'a comment',
  fromStep: 'the step to begin with',
  command: 'the text of the command',
};

function unfiltered({target, runName, testPatt}: ActionRequest): ActionRequest {
  return {target, runName, testPatt};
}

function runWords({target, runName, testPatt}: ActionRequest, preclean: boolean): readonly string[] {
  return [
    ...['-run', '-testpatt', testPatt, '-target', target, '-runname', runName],
    ...(preclean ? ['-preclean'] : []),
    '-clean-cache',
  ];
}

function setAs(request: ActionRequest, value: string) {
  return setStates.make({...request, new: value});
}

/** What stands behind `megatest` in a line that no shell reads: what only a shell could understand is refused. */
function typedWords(line: string): readonly string[] {
  const [first, ...words] = line.trim().split(/\s+/);
  if (first !== 'megatest' || words.length === 0) {
    throw new UserError(`a command begins with the word megatest and says what to do, unlike "${line}"`);
  }
  const odd = /[^\w\s%,./:=+@^-]/u.exec(line)?.[0];
  if (odd !== undefined || /[\r\n]/.test(line)) {
    throw new UserError(
      `no shell reads a command: ${odd === undefined ? 'it is one line' : `"${odd}" is not understood`}`,
    );
  }
  return words;
}

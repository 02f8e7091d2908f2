import {describe, expect, it} from 'vitest';
import {ACTION_NAMES, type ActionRequest, commandText, planAction} from './dashboard-actions.ts';

type Name = (typeof ACTION_NAMES)[number];

const of = {target: 'x/y', runName: 'r', testPatt: 'a/1'};
const whole = {testPatt: ''};
const none = {target: '', runName: '', testPatt: ''};
const plan = (name: Name, more: Partial<ActionRequest> = {}) => planAction(name, {...of, ...more});

const rows: readonly [
  name: Name,
  request: Partial<ActionRequest>,
  command: string,
  job: string,
  concerns: string,
][] = [
  [
    'run',
    {testPatt: ''},
    "megatest -run -testpatt '%' -target x/y -runname r -clean-cache",
    'run % {}',
    'low tests',
  ],
  [
    'run',
    {preclean: true},
    'megatest -run -testpatt a/1 -target x/y -runname r -preclean -clean-cache',
    'run a/1 {"preclean":true}',
    'low tests',
  ],
  [
    'rerun',
    {},
    "megatest -set-state-status 'NOT_STARTED,n/a' -run -target x/y -runname r -testpatt a/1 -preclean -clean-cache",
    'rerun-all a/1 {"preclean":true}',
    'low unlockedTests',
  ],
  [
    'rerun-complete-run',
    whole,
    "megatest -set-state-status 'NOT_STARTED,n/a' -run -target x/y -runname r -testpatt '%' -preclean -clean-cache",
    'rerun-all % {"preclean":true}',
    'high unlockedTests',
  ],
  [
    'rerun-step',
    {fromStep: 'sim', onlyStep: true},
    'megatest rerun -t x/y -n r -p a/1 --from-step sim --only',
    'rerun-step a/1 {"fromStep":"sim","onlyStep":true}',
    'low unlockedTests',
  ],
  [
    'set-state',
    {new: 'COMPLETED/PASS', state: 'KILLED', message: 'seen'},
    'megatest jobs add set-ss --new COMPLETED/PASS -t x/y -n r -p a/1 --state KILLED -m seen',
    'set-ss a/1 {"state":"KILLED","message":"seen","new":"COMPLETED/PASS"}',
    'low unlockedTests',
  ],
  [
    'comment',
    {message: "it's flat"},
    "megatest jobs add set-ss --new / -t x/y -n r -p a/1 -m 'it'\\''s flat'",
    'set-ss a/1 {"message":"it\'s flat","new":"/"}',
    'low unlockedTests',
  ],
  [
    'waive',
    {message: 'known'},
    'megatest jobs add set-ss --new /WAIVED -t x/y -n r -p a/1 -m known',
    'set-ss a/1 {"message":"known","new":"/WAIVED"}',
    'low unlockedTests',
  ],
  [
    'kill',
    {},
    "megatest -set-state-status 'KILLREQ,n/a' -target x/y -runname r -testpatt a/1 -state 'RUNNING,REMOTEHOSTSTART,LAUNCHED'",
    'set-ss a/1 {"new":"KILLREQ/n/a","state":"RUNNING,REMOTEHOSTSTART,LAUNCHED"}',
    'medium runningTests',
  ],
  ['kill-complete-run', whole, 'megatest kill -t x/y -n r', 'kill % {}', 'medium runningTests'],
  [
    'clean',
    {},
    'megatest -remove-runs -target x/y -runname r -testpatt a/1',
    'remove a/1 {}',
    'high unlockedTests',
  ],
  [
    'clean-run',
    {},
    'megatest -remove-runs -target x/y -runname r -testpatt a/1 && megatest -run -testpatt a/1 -target x/y -runname r -preclean -clean-cache',
    'command a/1 {"commands":[["-remove-runs","-target","x/y","-runname","r","-testpatt","a/1"],["-run","-testpatt","a/1","-target","x/y","-runname","r","-preclean","-clean-cache"]]}',
    'high unlockedTests',
  ],
  [
    'clean-complete-run',
    whole,
    "megatest -remove-runs -target x/y -runname r -testpatt '%'",
    'remove % {}',
    'high unlockedTests r',
  ],
  [
    'remove-runs',
    {runName: 'r%', state: 'COMPLETED', status: 'FAIL'},
    "megatest -remove-runs -target x/y -runname 'r%' -testpatt a/1 -state COMPLETED -status FAIL",
    'remove a/1 {"state":"COMPLETED","status":"FAIL"}',
    'high unlockedTests r%',
  ],
  ['lock', whole, 'megatest -lock -target x/y -runname r', 'lock  {}', 'low runs'],
  ['unlock', whole, 'megatest -unlock -target x/y -runname r', 'unlock  {}', 'low runs'],
  [
    'command',
    {...none, command: ' megatest  -run -testpatt a%,b/c '},
    "megatest -run -testpatt 'a%,b/c'",
    'command  {"commands":[["-run","-testpatt","a%,b/c"]]}',
    'high nothing',
  ],
];

it.each(rows)('%s %j', (name, request, command, job, concerns) => {
  const {commands, job: made, danger, concerns: what, typed} = plan(name, request);
  expect(commandText(commands)).toBe(command);
  expect(`${made.action} ${made.testPatt} ${JSON.stringify(made.params)}`).toBe(job);
  expect([danger, what, ...(typed === undefined ? [] : [typed])].join(' ')).toBe(concerns);
});

it('every action has a row above', () => {
  expect([...new Set(rows.map(([name]) => name))].sort()).toEqual([...ACTION_NAMES].sort());
});

describe('what cannot be done is refused', () => {
  it.each<[Name, Partial<ActionRequest>, string]>([
    ['run', {target: ''}, '"run" needs a target'],
    ['rerun', {testPatt: ''}, '"rerun" needs the names of the tests'],
    ['run', {runName: 'r%'}, '"run" is of one run: x/y r% is a pattern'],
    ['set-state', {}, '"set-state" needs the new STATE/STATUS'],
    ['comment', {}, '"comment" needs a comment'],
    ['rerun', {status: 'FAIL'}, '"rerun" takes no "status"'],
    ['lock', {}, '"lock" takes no "testPatt"'],
    ['command', {...none, command: 'rm -r runs'}, 'a command begins with the word megatest'],
    ['command', {...none, command: 'megatest'}, 'a command begins with the word megatest'],
    ['command', {...none, command: 'megatest -run; rm -r runs'}, '";" is not understood'],
    ['command', {...none, command: 'megatest -run\nrm -r runs'}, 'it is one line'],
    ['command', {...none, command: 'megatest -runname $(id)'}, '"$" is not understood'],
  ])('%s %j', (name, request, message) => {
    expect(() => plan(name, request)).toThrow(message);
  });
});

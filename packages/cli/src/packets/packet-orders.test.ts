import {readConfigText} from '@megatest/config';
import {UserError} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import type {Control} from './control.ts';
import {managedAreas, parseSelector} from './managed-areas.ts';
import {hasAction, ordersOf} from './packet-orders.ts';
import {parseParameters} from './parameter-string.ts';

const text = `
[areas]
qa path=/proj/qa
old1 ../old
none targtrans=x

[contours]
quick areas=qa; selector=/QUICKPATT
checked areafn=no-legacy
all selector=smoke
`;

const control: Control = {
  directory: '/proj/control',
  config: readConfigText(text, 'megatest.config', {
    cwd: '/',
    commands: 'no',
    areaPath: '/proj/control',
    env: {},
  }),
};

function orders(cards: Readonly<Record<string, string>>): readonly string[] {
  return ordersOf(new Map(Object.entries(cards)), control, () => {}).map(
    ({directory, words}) => `${directory}: ${words.join(' ')}`,
  );
}

it.each([
  ['path=../qa; ', {path: '../qa'}],
  ['cron= 0/5 * * * * ;dbdest=central', {cron: '0/5 * * * *', dbdest: 'central'}],
  ['url=a=b', {url: 'a=b'}],
  ['', {}],
  ['x', {x: null}],
])('parameters as in worked example 6: %j', (parameters, expected) => {
  expect(Object.fromEntries(parseParameters(parameters))).toEqual(expected);
});

it.each([
  ['/QP', '', 'QP'],
  ['smoke/QP', 'smoke', 'QP'],
  ['smoke/', 'smoke', ''],
  ['smoke', 'smoke', ''],
])('a selector as in worked example 7: %s', (selector, tagExpr, modePatt) => {
  expect(parseSelector(selector)).toEqual({tagExpr, modePatt});
});

it('areas have a path, which may stand alone', () => {
  expect(managedAreas(control)).toEqual([
    {name: 'qa', path: '/proj/qa'},
    {name: 'old1', path: '/proj/old'},
  ]);
});

describe('a packet is carried out by', () => {
  it.each([
    [
      {A: 'run', S: '/proj/qa', n: 'nightly', p: 'fe%/%,be/', t: 'v2/linux', T: 'cmd', U: 'ann', D: '1'},
      ['/proj/qa: -run -start-dir /proj/qa -target v2/linux -runname nightly -testpatt fe%/%,be/'],
    ],
    [
      {
        A: 'run',
        S: '/q',
        M: 'file:neverrun',
        a: 'v',
        c: 'quick',
        n: 'r',
        o: 'QUICKPATT',
        r: '#t',
        t: 'v',
        u: '',
      },
      [
        '/q: -run -start-dir /q -target v -runname r --modepatt QUICKPATT -contour quick -m file:neverrun -preclean -rerun-all',
      ],
    ],
    [{A: 'rerun', S: '../qa'}, ['/proj/qa: -rerun-clean -start-dir /proj/qa']],
    [{A: 'remove', t: 'v'}, ['/proj/control: -remove-runs -testpatt % -target v']],
    [{A: 'rerun', n: 'r'}, ['/proj/control: -rerun-clean -runname r']],
    [{A: 'rerun', n: 'r', z: 'FAIL'}, ['/proj/control: -run -runname r -rerun FAIL']],
    [{A: 'archive', C: 'save', n: 'r'}, ['/proj/control: -archive save -runname r']],
    [{A: 'archive', n: 'r'}, ['/proj/control: -archive save-remove -runname r']],
    [{A: 'kill', t: 'v', n: 'r', p: 'x'}, ['/proj/control: kill --target=v --name=r --tests=x']],
    [
      {A: 'sync', k: 'central', w: '1', c: 'all'},
      expect.arrayContaining([expect.stringMatching(/^\/proj\/old: -s/)]),
    ],
    [
      {A: 'set-ss', N: 'COMPLETED/', q: 'c/f,RUNNING/', p: 'x'},
      [
        '/proj/control: -set-state-status COMPLETED, -testpatt x -state COMPLETED -status FAIL',
        '/proj/control: -set-state-status COMPLETED, -testpatt x -state RUNNING',
      ],
    ],
    [{A: 'run', G: 'q%,none', n: 'r', p: '%'}, ['/proj/qa: -run -start-dir /proj/qa -runname r -testpatt %']],
    [
      {A: 'run', c: 'quick', n: 'r'},
      ['/proj/qa: -run -start-dir /proj/qa -runname r --modepatt QUICKPATT -contour quick'],
    ],
    [
      {A: 'run', c: 'all', n: 'r'},
      [
        '/proj/qa: -run -start-dir /proj/qa -runname r -tagexpr smoke -contour all',
        '/proj/old: -run -start-dir /proj/old -runname r -tagexpr smoke -contour all',
      ],
    ],
  ])('%j', (cards, expected) => {
    expect(orders(cards as unknown as Readonly<Record<string, string>>)).toEqual(expected);
  });

  it.each([
    [{A: 'run', G: 'x%'}, /no area of \[areas\] is meant/],
    [{A: 'run', c: 'checked'}, /checker no-legacy, which there is not/],
  ])('nothing: %j', (cards, message) => {
    expect(() => orders(cards as unknown as Readonly<Record<string, string>>)).toThrow(
      expect.objectContaining({name: UserError.name, message: expect.stringMatching(message)}),
    );
  });

  it.each([
    [{T: 'cmd'}, false],
    [{A: 'dance'}, false],
    [{A: 'sync', w: '1'}, false],
    [{A: 'sync', k: 'central'}, true],
    [{A: 'kill'}, true],
  ])('anything at all: %j %s', (cards, expected) => {
    expect(hasAction(new Map(Object.entries(cards as unknown as Record<string, string>)))).toBe(expected);
  });

  it('all that is known of it, and the rest is said', () => {
    const said: string[] = [];
    ordersOf(new Map([...'AYJ'].map((letter) => [letter, 'run'])), control, (line) => said.push(line));
    expect(said).toEqual([
      'ERROR: Unknown key in packet "Y" with value "run"',
      'ERROR: Unknown key in packet "J" with value "run"',
    ]);
  });
});

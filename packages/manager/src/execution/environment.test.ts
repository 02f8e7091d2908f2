import {describe, expect, it} from 'vitest';
import type {AreaContext} from '../plan/area-context.ts';
import type {CommandInfo} from './cmdinfo.ts';
import {setVars, testEnvironment} from './environment.ts';

const info: CommandInfo = {
  testpath: '/proj/pdkqa/tests/drc',
  toppath: '/proj/pdkqa',
  'work-area': '/proj/pdkqa/links/tsmc16/ff/nightly/ww21.3a/drc/inv/m1',
  'test-name': 'drc',
  'run-id': 1,
  'test-id': 812,
  runname: 'ww21.3a',
  target: 'tsmc16/ff/nightly',
  itemdat: [
    ['CELL', 'inv'],
    ['LAYER', 'm1'],
  ],
  megatest: '/opt/mt/bin/megatest',
  areaname: 'pdkqa',
  'env-ovrd': [],
  'set-vars': null,
  contour: null,
  'launch-id': 'l',
  shortdir: '/scratch/d1/tsmc16/ff/nightly/ww21.3a/drc/inv/m1',
};

const context: AreaContext = {
  areaPath: '/proj/pdkqa',
  areaName: 'pdkqa',
  keys: ['PROCESS', 'CORNER', 'KIND'].map((name) => ({name, type: 'TEXT'})),
  linkTree: '/proj/pdkqa/links',
  disks: null,
  minspaceKiB: 10_000,
  envOverride: [],
  readVariables: [],
  runVariables: [],
  runTimeLimitS: null,
  freeSpaceScript: null,
  rollUpCommands: [],
  testCopyCommand: null,
  executable: null,
  launcher: {
    command: null,
    usesShell: true,
    waits: true,
    isFlexible: false,
    pilotSlots: null,
    patterns: [],
    hostTypes: [],
  },
};

describe('the environment of a test', () => {
  it('says who and where it is', () => {
    const env = testEnvironment(info, 'B64', {PATH: '/bin', HOME: '/u/ann'}, context);
    expect(env).toMatchObject({
      HOME: '/u/ann',
      MT_CMDINFO: 'B64',
      MT_MEGATEST: '/opt/mt/bin/megatest',
      MT_RUN_AREA_HOME: '/proj/pdkqa',
      MT_TESTSUITENAME: 'pdkqa',
      MT_TARGET: 'tsmc16/ff/nightly',
      PROCESS: 'tsmc16',
      CORNER: 'ff',
      KIND: 'nightly',
      MT_RUNNAME: 'ww21.3a',
      MT_LINKTREE: '/proj/pdkqa/links',
      MT_TEST_NAME: 'drc',
      MT_TEST_RUN_DIR: '/proj/pdkqa/links/tsmc16/ff/nightly/ww21.3a/drc/inv/m1',
      MT_ITEMPATH: 'inv/m1',
      MT_ITEM_INFO: '((CELL inv) (LAYER m1))',
      CELL: 'inv',
      LAYER: 'm1',
      PATH: '/bin:/opt/mt/bin',
    });
  });

  it('of a plain test has an empty item path and item list', () => {
    const env = testEnvironment({...info, itemdat: []}, 'B64', {}, context);
    expect([env.MT_ITEMPATH, env.MT_ITEM_INFO]).toEqual(['', '()']);
  });

  it('26.7 takes later sources over earlier ones', () => {
    const env = testEnvironment(
      {...info, itemdat: [['E', 'inv']], 'set-vars': 'C=3,D=3', 'env-ovrd': [['D', '4']]},
      'B64',
      {A: '7', Z: 'inherited'},
      {
        ...context,
        runVariables: [
          ['A', '1'],
          ['B', '2'],
          ['C', '2'],
          ['D', '1'],
          ['E', '1'],
        ],
        envOverride: [['D', '4']],
        readVariables: [
          ['Z', 'read'],
          ['B', 'read'],
        ],
      },
    );
    const {A, B, C, D, E, Z} = env;
    expect({A, B, C, D, E, Z}).toEqual({A: '1', B: '2', C: '3', D: '4', E: 'inv', Z: 'read'});
  });

  it.each([
    ['$HOME/.zshrc', '/u/ann/.zshrc'],
    ['The$USER/signs', 'Theann/signs'],
    ['a    b', 'a b'],
    ['"x  y"', 'x  y'],
    [' ', ''],
    ['one; echo two', 'one'],
  ])('26.9 evaluates the variable %j of runconfigs as %j', (value, wanted) => {
    const env = testEnvironment(
      {...info, toppath: '/'},
      'B64',
      {USER: 'ann', HOME: '/u/ann', PATH: '/usr/bin:/bin'},
      {...context, runVariables: [['V', value]]},
    );
    expect(env.V).toBe(wanted);
  });
});

describe('26.8 -setvars', () => {
  it('takes pieces with exactly one = and a value', () => {
    expect(setVars('A=1,B=x y,C,D=a=b,E=,F==q')).toEqual([
      ['A', '1'],
      ['B', 'x y'],
      ['F', 'q'],
    ]);
    expect(setVars(null)).toEqual([]);
  });
});

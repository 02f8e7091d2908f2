import {describe, expect, it} from 'vitest';
import {leastLoaded, loadOf} from './host-load.ts';
import {configuredLauncher, executeWords} from './launcher.ts';

const launcher = {
  command: 'nbfake',
  usesShell: true,
  waits: true,
  isFlexible: true,
  pilotSlots: null,
  hostTypes: [
    ['big', 'bsub -q big'],
    ['near', '#MTLOWESTLOAD hosta hostb'],
  ],
  patterns: [
    ['drc/inv%', 'big'],
    ['lv%', 'nosuch'],
    ['ext%', 'near'],
  ],
} satisfies Parameters<typeof configuredLauncher>[0];

describe('26.6 the launcher of a test', () => {
  it.each([
    ['drc', 'inv/m1', 'bsub -q big', []],
    ['drc', 'nand/m1', 'nbfake', []],
    ['lvs', '', 'nbfake', ['WARNING: no launcher found for host-type nosuch']],
    ['extract', '', '#MTLOWESTLOAD hosta hostb', []],
  ])('%s %s', (testName, itemPath, wanted, wantedWarnings) => {
    const warnings: string[] = [];
    expect(configuredLauncher(launcher, testName, itemPath, (text) => warnings.push(text))).toBe(wanted);
    expect(warnings).toEqual(wantedWarnings);
  });

  it('is the common one without flexi-launcher', () => {
    const plain = {...launcher, isFlexible: false};
    expect(configuredLauncher(plain, 'drc', 'inv/m1', () => {})).toBe('nbfake');
  });

  it('goes to the host with the lowest load', () => {
    const loads = new Map([
      ['hosta', 0.9],
      ['hostb', 0.1],
      ['hostc', undefined],
    ]);
    expect(leastLoaded(loads, Math.random)).toBe('hostb');
    expect(leastLoaded(new Map([['hosta', undefined]]), Math.random)).toBeUndefined();
  });

  it('reads the load of a host for each core', () => {
    expect(loadOf('1.50 1.00 0.50 2/345 6789\n4\n')).toBe(0.375);
    expect(loadOf('')).toBeUndefined();
  });
});

describe('26.5 the launch command', () => {
  it('has, behind the launcher and the command, these words, unquoted', () => {
    const words = {signature: 'pdkqa:drc:inv/m1', encoded: 'B64'};
    expect(executeWords({...words, debug: '2'})).toBe('-m pdkqa:drc:inv/m1 -execute B64 -debug 2');
    expect(executeWords({...words, debug: '1'})).toBe('-m pdkqa:drc:inv/m1 -execute B64');
  });
});

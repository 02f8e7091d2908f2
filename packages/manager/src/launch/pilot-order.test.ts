import {mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {decodePilot, encodePilot, readPilotOrder, removePilotOrder, writePilotOrder} from './pilot-order.ts';

const info = {
  area: {path: '/proj/pdkqa', name: 'pdkqa'},
  key: 'slurm-pilot',
  manager: {host: 'alpha', user: 'ann'},
  slots: null,
};

it('what a pilot is started with comes back, with the id that its script adds', () => {
  expect(encodePilot(info)).toMatch(/^[\w-]+$/);
  expect(decodePilot(`${encodePilot(info)},12`)).toEqual({info, jobId: '12'});
  expect(() => decodePilot('nonsense,12')).toThrow('cannot be decoded');
});

it('an order stays readable, for its owner only, until it is removed', () => {
  const rundir = mkdtempSync(join(tmpdir(), 'pilot-order-'));
  try {
    const order = {encoded: 'B64', env: {A: '1'}, umask: 0o022};
    writePilotOrder(rundir, order);
    expect(readPilotOrder(rundir)).toEqual(order);
    expect(readPilotOrder(rundir)).toEqual(order);
    expect(statSync(join(rundir, '.mt/launch.json')).mode & 0o777).toBe(0o600);
    removePilotOrder(rundir);
    expect(() => readPilotOrder(rundir)).toThrow();
  } finally {
    rmSync(rundir, {recursive: true, force: true});
  }
});

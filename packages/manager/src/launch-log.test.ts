import {appendFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {LaunchLog, type OpenLaunch} from './launch-log.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'launches-'));
});
afterEach(() => rmSync(directory, {recursive: true}));

const launch = (launchId: string, stage: OpenLaunch['stage']): OpenLaunch => ({
  launchId,
  testId: 1,
  uuid: 'u',
  launch: null,
  stage,
});

describe('the launch log', () => {
  it('gives the next manager what is open, as far as it came', () => {
    const path = join(directory, 'launches.jsonl');
    const log = new LaunchLog(path);
    log.put(launch('a', {kind: 'ordered'}));
    log.put(launch('b', {kind: 'accepted'}));
    log.put(launch('b', {kind: 'queued', system: 'slurm', jobId: '7'}));
    log.put(launch('c', {kind: 'accepted'}));
    log.end('c');
    appendFileSync(path, '{"launchId": "d", "sta');
    expect(new LaunchLog(path).open).toEqual([
      launch('a', {kind: 'ordered'}),
      launch('b', {kind: 'queued', system: 'slurm', jobId: '7'}),
    ]);
  });
});

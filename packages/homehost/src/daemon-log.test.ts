import {mkdtempSync, readFileSync, renameSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {DaemonLog} from './daemon-log.ts';

it('the audit goes on in a new file after its old one was put away', () => {
  const area = mkdtempSync('/tmp/megatest-log-');
  try {
    const log = new DaemonLog(area);
    const file = join(area, 'logs/audit.jsonl');
    const deeds = (path: string) =>
      readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).what);
    log.audit({what: 'first'});
    log.audit({what: 'second'});
    renameSync(file, `${file}.1`);
    log.touch();
    log.audit({what: 'third'});
    expect(deeds(`${file}.1`)).toEqual(['first', 'second']);
    expect(deeds(file)).toEqual(['third']);
  } finally {
    rmSync(area, {recursive: true, force: true});
  }
});

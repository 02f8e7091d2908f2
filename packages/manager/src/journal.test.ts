import {appendFileSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {ReportEntry} from '@megatest/rpc';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {Journal} from './journal.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-'));
});
afterEach(() => rmSync(directory, {recursive: true}));

const entry = (state: string): ReportEntry => ({type: 'state', testId: 1, launchId: 'l', state});

/** A daemon that takes entries while it is up. */
class Daemon {
  isUp = true;
  readonly got: string[] = [];
  send = async (id: string, entries: readonly {readonly seq: number}[]): Promise<number> => {
    if (!this.isUp) {
      throw new Error('not there');
    }
    this.got.push(...entries.map(({seq}) => `${id} ${seq}`));
    return entries.at(-1)?.seq ?? 0;
  };
}

describe('the journal', () => {
  const path = () => join(directory, 'journal.jsonl');

  it('sends everything once, in order', async () => {
    const daemon = new Daemon();
    const journal = new Journal(path(), daemon.send);
    journal.add(entry('A'));
    journal.add(entry('B'));
    await journal.settled();
    expect(daemon.got.map((text) => text.split(' ')[1])).toEqual(['1', '2']);
    expect(journal.isEmpty).toBe(true);
  });

  it('of a manager that died is sent by the next one, under the same id, also with a torn last line', async () => {
    const daemon = new Daemon();
    daemon.isUp = false;
    const first = new Journal(path(), daemon.send);
    first.add(entry('A'));
    appendFileSync(path(), '{"seq": 2, "ent');
    daemon.isUp = true;
    const second = new Journal(path(), daemon.send);
    second.add(entry('B'));
    await second.settled();
    const ids = new Set(daemon.got.map((text) => text.split(' ')[0]));
    expect(ids.size).toBe(1);
    expect(daemon.got.map((text) => text.split(' ')[1])).toEqual(['1', '2']);
  });

  it('knows which launches have ended unheard, also those of a manager before', async () => {
    const daemon = new Daemon();
    daemon.isUp = false;
    const first = new Journal(path(), daemon.send);
    first.add(entry('RUNNING'));
    first.add({type: 'ended', testId: 2, launchId: 'm', runDuration: 1});
    const second = new Journal(path(), daemon.send);
    expect(second.unheardEnds).toEqual([{testId: 2, launchId: 'm'}]);
    daemon.isUp = true;
    await second.settled();
    expect(second.unheardEnds).toEqual([]);
  });
});

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {readConfigText} from '@megatest/config';
import {packetFileName, printPacket, UserError} from '@megatest/model';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {importPackets} from './import-packets.ts';

let area: string;

beforeEach(() => {
  area = mkdtempSync(join(tmpdir(), 'packets-'));
});
afterEach(() => rmSync(area, {recursive: true}));

function take(settings: string, directory?: string) {
  const config = readConfigText(`[setup]\n${settings}\n`, 'megatest.config', {
    cwd: area,
    commands: 'no',
    areaPath: area,
    env: {},
  });
  return importPackets({config, controlDirectory: area, directory});
}

function send(directory: string, cards: Readonly<Record<string, string>>): string {
  mkdirSync(join(area, directory), {recursive: true});
  const {uuid, text} = printPacket(new Map(Object.entries(cards)));
  writeFileSync(join(area, directory, packetFileName(uuid)), text);
  return uuid;
}

function spoil(directory: string, uuid: string): void {
  const path = join(area, directory, packetFileName(uuid));
  writeFileSync(path, readFileSync(path, 'utf8').replace('run', 'remove'));
}

function queued(file = 'a/pkts.db'): unknown[] {
  const db = new Database(join(area, file), {readonly: true});
  try {
    return db.prepare('SELECT uuid, parent_uuid, pkt_type, processed FROM pkts ORDER BY id').raw().all();
  } finally {
    db.close();
  }
}

const fine = {refused: 0, bad: 0, problems: []};

describe('an import', () => {
  it('takes what is new in all directories, once, wherever it stands', () => {
    const run = send('a', {A: 'run', T: 'cmd'});
    const start = send('b', {T: 'runstart', P: run});
    send('b', {A: 'run', T: 'cmd'});
    expect(take('pktsdirs a b')).toEqual({imported: 2, known: 1, ...fine});
    expect(take('pktsdirs a b')).toEqual({imported: 0, known: 3, ...fine});
    const later = send('a', {A: 'remove'});
    expect(take('pktsdirs a b')).toEqual({imported: 1, known: 3, ...fine});
    expect(queued()).toEqual([
      [run, '', 'cmd', 0],
      [start, run, 'runstart', 0],
      [later, '', 'cmd', 0],
    ]);
  });

  it('queues packets in the order in which they were written', () => {
    const uuids = ['1', '2', '3', '4'].map((n) => send('a', {A: 'run', n})).sort();
    uuids.reverse().forEach((uuid, index) => {
      utimesSync(join(area, 'a', packetFileName(uuid)), 1000, 1000 + index / 10);
    });
    take('pktsdirs a');
    expect(queued()).toEqual(uuids.map((uuid) => [uuid, '', 'cmd', 0]));
  });

  it('makes the first directory and that of pkts.db, and passes over others that are not there', () => {
    expect(take('pktsdirs new other\npdbpath queue')).toMatchObject({
      imported: 0,
      problems: [expect.stringMatching(/^.*\/other cannot be read: ENOENT/)],
    });
    expect(readdirSync(area).sort()).toEqual(['new', 'queue']);
    expect(queued('queue/pkts.db')).toEqual([]);
  });

  it('of one directory leaves those of the config out', () => {
    send('a', {A: 'run'});
    const uuid = send('far', {A: 'kill'});
    expect(take('pktsdirs a', 'far')).toEqual({imported: 1, known: 0, ...fine});
    expect(queued()).toEqual([[uuid, '', 'cmd', 0]]);
  });

  it.each([
    ['', undefined, /^settings are missing in your megatest.config .*pktsdirs/],
    ['pktsdirs a', 'nowhere', /\/nowhere cannot be read: ENOENT/],
    ['pktsdirs a\npdbpath b', undefined, /\/b\/pkts.db cannot be used: file is not a database/],
  ])('says what hinders it: %j %s', (settings, directory, message) => {
    mkdirSync(join(area, 'b'));
    writeFileSync(join(area, 'b/pkts.db'), 'this is no database, whatever its name may say\n'.repeat(99));
    expect(() => take(settings, directory)).toThrow(
      expect.objectContaining({message: expect.stringMatching(message), name: UserError.name}),
    );
  });
});

describe('a file', () => {
  it('that was changed is taken with a warning, refused for ever, or nobody looks, as pkts-verify says', () => {
    const uuid = send('a', {A: 'run', T: 'cmd'});
    spoil('a', uuid);
    expect(take('pktsdirs a\npkts-verify off\npdbpath q1')).toEqual({imported: 1, known: 0, ...fine});
    expect(take('pktsdirs a\npdbpath q2')).toEqual({
      imported: 1,
      known: 0,
      refused: 0,
      bad: 0,
      problems: [`${area}/a/${uuid}.pkt is not as it was written: its hash is another`],
    });
    const strict = 'pktsdirs a\npkts-verify strict\npdbpath q3';
    expect(take(strict)).toMatchObject({imported: 0, refused: 1, problems: [/is refused/].map(stringLike)});
    expect(queued('q3/pkts.db')).toEqual([[uuid, '', 'cmd', -1]]);
    expect(take(strict)).toEqual({imported: 0, known: 1, ...fine});
  });

  it('that is no packet is named with its place and left alone, and others are taken', () => {
    const uuid = send('a', {A: 'run'});
    const folder = join(area, 'a');
    const bad: Readonly<Record<string, () => void>> = {
      'zz.pkt': () => writeFileSync(join(folder, 'zz.pkt'), ''),
      '00.pkt': () => writeFileSync(join(folder, '00.pkt'), 'A run\nnonsense\n'),
      '01.pkt': () => symlinkSync(packetFileName(uuid), join(folder, '01.pkt')),
      '02.pkt': () => mkdirSync(join(folder, '02.pkt')),
      '03.pkt': () => {
        writeFileSync(join(folder, '03.pkt'), '');
        truncateSync(join(folder, '03.pkt'), 2 ** 40);
      },
      'notes.txt': () => writeFileSync(join(folder, 'notes.txt'), 'none of anybody'),
    };
    for (const make of Object.values(bad)) {
      make();
    }
    const {problems, ...counts} = take('pktsdirs a');
    expect(counts).toEqual({imported: 1, known: 0, refused: 0, bad: 5});
    expect([...problems].sort()).toEqual(
      [
        /00.pkt:2: a card is one letter/,
        /01.pkt is skipped: it is no plain file/,
        /02.pkt is skipped: it is no plain file/,
        /03.pkt is skipped: it is no plain file/,
        /zz.pkt is skipped: the name of a packet is its hash/,
      ].map(stringLike),
    );
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(Object.keys(bad)));
  });

  it('that is bad among very many does not make the answer very long', () => {
    mkdirSync(join(area, 'a'));
    for (let at = 0; at < 150; at += 1) {
      writeFileSync(join(area, 'a', `x${at}.pkt`), '');
    }
    const {bad, problems} = take('pktsdirs a');
    expect([bad, problems.length, problems.at(-1)]).toEqual([150, 100, 'and 51 more problems']);
  });
});

function stringLike(pattern: RegExp): unknown {
  return expect.stringMatching(pattern);
}

/** Packets from their making to the end of what they command, through the shipped programs (spec mtutil.md 10). */
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import {basename, join} from 'node:path';
import {type Cards, packetFileName, parsePacket, printPacket} from '@megatest/model';
import Database from 'better-sqlite3';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {config, LoneArea} from './homehost/lone-area.ts';
import {describeWith} from './rig/needs.ts';
import {until} from './rig/until.ts';

let lone: LoneArea;

beforeEach(async () => {
  lone = await LoneArea.make({'megatest.config': config.replace('[setup]', '[setup]\npktsdirs drop')});
});
afterEach(async () => {
  await lone?.[Symbol.asyncDispose]();
});

async function mtutil(words: string) {
  const {code, stdout, stderr} = await lone.area.shell(`mtutil ${words}`);
  return {code, stdout, stderr};
}

/** Leaves a packet, takes it in, and tells its uuid. */
async function queue(words: string): Promise<string> {
  const {stdout} = await mtutil(words);
  await mtutil('import');
  return basename(stdout.trimEnd(), '.pkt');
}

/** The packets that tell of another one, by type. */
function followers(uuid: string): ReadonlyMap<string, Cards> {
  const folder = join(lone.path, 'drop');
  return new Map(
    readdirSync(folder)
      .filter((name) => name.endsWith('.pkt'))
      .map((name) => parsePacket(readFileSync(join(folder, name), 'utf8'), name).cards)
      .filter((cards) => cards.get('P') === uuid)
      .map((cards) => [cards.get('T') ?? '', cards]),
  );
}

async function untilEnded(uuid: string): Promise<Cards | undefined> {
  await until(() => followers(uuid).has('runend'));
  return followers(uuid).get('runend');
}

function processed(uuid: string): unknown {
  const db = new Database(join(lone.path, 'drop/pkts.db'), {readonly: true});
  try {
    return db.prepare('SELECT processed FROM pkts WHERE uuid = ?').pluck().get(uuid);
  } finally {
    db.close();
  }
}

describe('a packet', () => {
  it('is carried out once, its start and its end are told, and its output is kept', async () => {
    const uuid = await queue(`run -target x -run-name 'two words' -test-patt good -contour c -area none,%`);
    // It names areas, of which there is none.
    expect(await mtutil('dispatch')).toEqual({
      code: 1,
      stdout: '',
      stderr: `WARNING: packet ${uuid} is not carried out: no area of [areas] is meant by it\n`,
    });
    writeFileSync(join(lone.path, 'megatest.config'), `${readConfigFile()}[areas]\nown .\n`);
    const command = `megatest -run -start-dir ${lone.path} -target x -runname 'two words' -testpatt good -contour c`;
    expect(await mtutil('dispatch')).toEqual({code: 0, stdout: `RUNNING: ${command}\n`, stderr: ''});
    expect((await untilEnded(uuid))?.get('M')).toBe('0');
    expect(Object.fromEntries(followers(uuid).get('runstart') ?? [])).toEqual({
      D: expect.stringMatching(/^\d+$/),
      P: uuid,
      T: 'runstart',
      c: 'c',
      n: 'two words',
      t: 'x',
    });
    expect(readFileSync(join(lone.path, 'logs', `${uuid}-run.log`), 'utf8')).toContain(
      'tests selected by "good": good',
    );
    const runs = (await lone.rpc('runs.list', {runPatt: 'two words'})) as unknown[];
    expect(runs).toHaveLength(1);
    expect(await mtutil('dispatch')).toEqual({code: 0, stdout: '', stderr: ''});
  });

  it('is carried out at once when it says so', async () => {
    const {stdout, code} = await mtutil(
      'set-ss -target x -run-name r -test-patt % -new COMPLETED/FAIL -immediate',
    );
    expect({code, stdout}).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /\.pkt\nRUNNING: megatest -set-state-status 'COMPLETED,FAIL' -target x .*\n$/,
      ),
    });
    const uuid = basename(stdout.split('\n')[0] ?? '', '.pkt');
    expect((await untilEnded(uuid))?.get('M')).toBe('0');
    expect(await lone.rpc('tests.list', {runIds: [1]})).toMatchObject([{status: 'FAIL'}]);
    expect([...followers(uuid).keys()].sort()).toEqual(['runend', 'set-ss']);
  });

  it('that nothing can be made of is refused for ever, one for another place waits', async () => {
    const dance = drop({A: 'dance'});
    const away = drop({A: 'run', S: '/'});
    await mtutil('import');
    expect(await mtutil('dispatch')).toEqual({
      code: 1,
      stdout: '',
      stderr: [
        `WARNING: packet ${dance} is not carried out: it says nothing that can be done`,
        `WARNING: packet ${away} is not carried out: / is in no area of [areas]`,
        '',
      ].join('\n'),
    });
    expect([processed(dance), processed(away)]).toEqual([-1, 0]);
  });
});

function drop(cards: Readonly<Record<string, string>>): string {
  const {uuid, text} = printPacket(new Map(Object.entries(cards)));
  mkdirSync(join(lone.path, 'drop'), {recursive: true});
  writeFileSync(join(lone.path, 'drop', packetFileName(uuid)), text);
  return uuid;
}

function readConfigFile(): string {
  return readFileSync(join(lone.path, 'megatest.config'), 'utf8');
}

describeWith(['root'], 'a packet of somebody else', () => {
  it('is carried out only for users that are named, and as it was imported', async () => {
    const uuid = await queue('run -target x -run-name r2 -test-patt good');
    const file = join(lone.path, 'drop', packetFileName(uuid));
    chownSync(file, 1, 1);
    const refusal = `WARNING: packet ${uuid} is not carried out: ${file}`;
    expect((await mtutil('dispatch')).stderr).toBe(
      `${refusal} belongs to user 1, who is not named in [setup] pkts-users\n`,
    );
    writeFileSync(
      join(lone.path, 'megatest.config'),
      readConfigFile().replace('pktsdirs', 'pkts-users daemon\npktsdirs'),
    );
    copyFileSync(file, `${file}.kept`);
    writeFileSync(file, 'A run\n');
    expect((await mtutil('dispatch')).stderr).toBe(`${refusal} is another than the one that was imported\n`);
    copyFileSync(`${file}.kept`, file);
    expect(await mtutil('dispatch')).toMatchObject({code: 0, stdout: expect.stringContaining('RUNNING:')});
    await untilEnded(uuid);
    await until(() => existsSync(join(lone.path, 'links/x/r2/good')));
  });
});

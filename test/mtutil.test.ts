/** The `mtutil` command: what it prints, and how it ends (spec mtutil.md 2). */
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {isIntact, parsePacket} from '@megatest/model';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {TestArea} from './rig/area.ts';

let area: TestArea;

/** A control directory that is no area: it has no keys and no link tree. */
beforeAll(() => {
  area = TestArea.make({
    'megatest.config': '[setup]\npktsdirs drop\n[areas]\nqa path=/proj/qa\n[var]\nempty\n',
    'other/megatest.config': '[fields]\nOS TEXT\n',
  });
});
afterAll(async () => {
  await area?.[Symbol.asyncDispose]();
});

async function mtutil(words: string) {
  const {code, stdout, stderr} = await area.shell(`mtutil ${words}`);
  return {code, stdout, stderr};
}

describe('mtutil', () => {
  it('leaves a packet, and takes it in', async () => {
    const {code, stdout, stderr} = await mtutil(`run -target v2/linux -m 'two words' -nonsense -rerun-all`);
    expect({code, stderr}).toEqual({code: 0, stderr: 'ERROR: Unrecognised arguments: -nonsense\n'});
    const path = stdout.trimEnd();
    const packet = parsePacket(readFileSync(path, 'utf8'), path);
    expect(isIntact(packet, basename(path, '.pkt'))).toBe(true);
    expect(Object.fromEntries(packet.cards)).toMatchObject({
      A: 'run',
      T: 'cmd',
      t: 'v2/linux',
      M: 'two words',
      u: '1',
    });
    expect(readdirSync(join(area.path, 'drop'))).toEqual([basename(path)]);
    writeFileSync(join(area.path, 'drop/zz.pkt'), '');
    expect(await mtutil('import -debug 4')).toEqual({
      code: 0,
      stdout: 'packets: 1 imported, 0 known, 0 refused, 1 bad\n',
      stderr: expect.stringMatching(
        new RegExp(
          `^INFO: \\(4\\) imported ${basename(path, '.pkt')} \\(cmd\\)\nWARNING: .*zz.pkt is skipped: .*\n$`,
        ),
      ),
    });
    expect((await mtutil('import')).stdout).toBe('packets: 0 imported, 1 known, 0 refused, 1 bad\n');
  });

  it.each([
    ['show areas', 0, 'qa   path=/proj/qa\n', ''],
    ['areas', 0, 'qa   path=/proj/qa\n', ''],
    ['list var', 0, 'empty\n', ''],
    ['show nothing', 1, 'No section "nothing" found\n', ''],
    ['show', 2, '', 'ERROR: which section? mtutil show SECTION\n'],
    ['remov', 2, '', 'ERROR: mtutil has no action "remov"\n  hint: did you mean remove?\n'],
    ['set-ss -target x', 2, '', 'ERROR: set-ss needs -new STATE/STATUS, of which one may be left empty\n'],
    ['rungen', 1, '', 'ERROR: mtutil rungen is not supported by this version\n'],
    [
      'kill -target x -start-dir other',
      1,
      '',
      'ERROR: settings are missing in your megatest.config for area management. Set [setup] pktsdirs to the directories of packets\n',
    ],
    [
      'import -start-dir drop',
      1,
      '',
      /^ERROR: No megatest.config file found in .*\/drop: go to the control directory, or name it with -start-dir\n$/,
    ],
  ])('%s', async (words, code, stdout, stderr) => {
    expect(await mtutil(words)).toEqual({
      code,
      stdout,
      stderr: typeof stderr === 'string' ? stderr : expect.stringMatching(stderr),
    });
  });

  it('helps, and is the same as megatest pkt', async () => {
    const help = await mtutil('help');
    expect(help).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining('-run-name, -runname N'),
    });
    expect(await mtutil('')).toEqual(help);
    expect(await mtutil('run -h')).toEqual(help);
    expect(await area.megatest(['pkt', 'run', '-h'])).toMatchObject(help);
    expect(await area.megatest(['pkt', 'show', 'areas'])).toMatchObject({stdout: 'qa   path=/proj/qa\n'});
  });
});

import {printPacket, UserError} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {cardsOf} from './make-packet.ts';
import {mtutilArguments} from './mtutil.ts';
import {PACKET_OPTIONS, type PacketAction} from './packet-options.ts';

const ann = {user: 'ann', timeS: 1494900005, cwd: '/home/ann'};

function packet(action: PacketAction, words: string): string {
  return printPacket(cardsOf(action, mtutilArguments(words.split(' ')), ann)).text;
}

describe('a packet for a command', () => {
  it('is that of worked example 1', () => {
    expect(
      packet('run', '-target v2/linux -run-name nightly -test-patt fe%/%,be/ -start-dir /proj/qa'),
    ).toBe(`A run
D 1494900005
S /proj/qa
T cmd
U ann
n nightly
p fe%/%,be/
t v2/linux
Z 6acf24c692311f66849c06318d6883b756c841fc
`);
  });

  it('takes the spellings of megatest, switches, and relative directories from where it is made', () => {
    expect(
      packet('rerun', '-runname n -testpatt % -tagexpr x -m hi -preclean -start-dir qa -config c'),
    ).toMatch(
      /^A rerun\nD 1494900005\nM hi\nS \/home\/ann\/qa\nT cmd\nU ann\nn n\np %\nr 1\nx x\nZ [0-9a-f]{40}\n$/,
    );
  });

  it.each([
    ['set-ss', '-target x', /^set-ss needs -new STATE\/STATUS/],
    ['set-ss', '-new COMPLETED', /^set-ss needs -new STATE\/STATUS/],
    ['archive', '-archive-cmd burn', /^there is no -archive-cmd "burn": give save, /],
  ] as const)('is not made when an operand is missing or unknown: %s %s', (action, words, message) => {
    expect(() => packet(action, words)).toThrow(
      expect.objectContaining({
        name: UserError.name,
        exitCode: 2,
        message: expect.stringMatching(message),
      }),
    );
  });

  it('has a letter of its own for each option', () => {
    const letters = [...PACKET_OPTIONS.map(({letter}) => letter), ...'ADPTUZa'];
    expect(new Set(letters).size).toBe(letters.length);
  });
});

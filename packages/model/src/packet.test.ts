import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {isIntact, packetUuid, parsePacket, printPacket} from './packet.ts';
import {printUserError, UserError} from './user-error.ts';

/** Spec mtutil.md 16, examples 1, 3 and 4. */
const worked = [
  `A run
D 1494900005
S /proj/qa
T cmd
U ann
n nightly
p fe%/%,be/
t v2/linux
Z 6acf24c692311f66849c06318d6883b756c841fc
`,
  `A run
D 1494900000
M file:neverrun
S /proj/qa
T cmd
U ann
a v2/linux
c quick
n 2017w20.2-0200
o QUICKPATT
r 1
t v2/linux
u 1
Z c9a74f960867aa0da7e3cf1c7754b21dedc4e8a3
`,
  `D 1494900003
P c9a74f960867aa0da7e3cf1c7754b21dedc4e8a3
T runstart
a v2/linux
c quick
t v2/linux
Z 9e96f4a5ffff28d2f71f239ddc6c2606072da9d4
`,
];

describe('a packet', () => {
  it.each(worked)('is read and written as in worked example %#', (text) => {
    const packet = parsePacket(text, 'x.pkt');
    const shuffled = new Map([...packet.cards].reverse());
    expect(printPacket(shuffled)).toEqual({uuid: packet.hash, text});
    expect(isIntact(packet, packet.hash)).toBe(true);
  });

  it('is intact whether or not its hash counts the last line break, and not when a card, the hash or the name is another', () => {
    const [text = ''] = worked;
    const {hash, computed} = parsePacket(text, 'x.pkt');
    const counted = parsePacket(text.replace(hash, computed[1]), 'x.pkt');
    expect(isIntact(counted, computed[1])).toBe(true);
    expect(isIntact(counted, hash)).toBe(false);
    expect(isIntact(parsePacket(text.replace('ann', 'joe'), 'x.pkt'), hash)).toBe(false);
    expect(isIntact(parsePacket(text.replace(/^Z .*\n/m, ''), 'x.pkt'), hash)).toBe(false);
  });

  it('has no cards of empty values, and no line breaks or tabs in the others', () => {
    const {text} = printPacket(
      new Map([
        ['n', 'a\tb\nc\r\nd'],
        ['t', ''],
      ]),
    );
    expect(text).toMatch(/^n a b c d\nZ [0-9a-f]{40}\n$/);
  });

  it('reads as it was written', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYabcdefghijklmnopqrstuvwxyz'];
    const value = fc.string({minLength: 1, unit: 'grapheme'}).filter((text) => !/[\r\n\t]/.test(text));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...letters), value), {
          minLength: 1,
          selector: ([letter]) => letter,
        }),
        (cards) => {
          const {uuid, text} = printPacket(new Map(cards));
          const packet = parsePacket(text, 'x.pkt');
          expect(new Map(packet.cards)).toEqual(new Map(cards));
          expect(isIntact(packet, uuid)).toBe(true);
        },
      ),
    );
  });

  it.each([
    ['', 'x.pkt:1: a card is one letter, a blank and a value\n'],
    ['A run\nrun\n', 'x.pkt:2: a card is one letter, a blank and a value\n'],
    ['A run\n\nT cmd\n', 'x.pkt:2: a card is one letter, a blank and a value\n'],
    ['A run\nT cmd\nA remove\n', 'x.pkt:3: there is a card A already\n'],
    ['A run\nZ 12\nT cmd\n', 'x.pkt:3: nothing may follow the card Z\n'],
  ])('that is none is refused with its place: %j', (text, message) => {
    let said = '';
    try {
      parsePacket(text, 'x.pkt');
    } catch (error) {
      said = error instanceof UserError ? printUserError(error) : String(error);
    }
    expect(said).toBe(message);
  });

  it('is in a file whose name is its uuid', () => {
    expect(['0af.pkt', 'zz.pkt', '0AF.pkt', '.pkt', '0af.pkt.new'].map(packetUuid)).toEqual([
      '0af',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

/**
 * Packets: small immutable texts of cards that describe a command or an event (spec mtutil.md 4).
 *
 * A card is a line: one letter, a blank, the value. Each letter occurs once; the last card, `Z`, has the SHA-1 of the lines before it, which
 * is the uuid of the packet and the name of its file, `UUID.pkt`.
 */
import {createHash} from 'node:crypto';
import {UserError} from './user-error.ts';

/** Letter to value, without `Z`. */
export type Cards = ReadonlyMap<string, string>;

export type Packet = {
  readonly cards: Cards;
  /** What `Z` says; '' without that card. */
  readonly hash: string;
  /** What `Z` may say: the SHA-1 of the lines before it, and that of the same with a final line break. */
  readonly computed: readonly [string, string];
};

const card = /^([A-Za-z])(?: (.*))?$/s;
const hashCard = 'Z';

/** Reads the text of a packet; `file` is only named in errors. */
export function parsePacket(text: string, file: string): Packet {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  const cards = new Map<string, string>();
  lines.forEach((line, index) => {
    const [, letter = '', value = ''] = card.exec(line) ?? [];
    const place = {file, line: index + 1};
    if (letter === '') {
      throw new UserError('a card is one letter, a blank and a value', {place});
    }
    if (cards.has(hashCard)) {
      throw new UserError(`nothing may follow the card ${hashCard}`, {place});
    }
    if (cards.has(letter)) {
      throw new UserError(`there is a card ${letter} already`, {place});
    }
    cards.set(letter, value);
  });
  const hash = cards.get(hashCard) ?? '';
  const hashed = (cards.delete(hashCard) ? lines.slice(0, -1) : lines).join('\n');
  return {cards, hash, computed: [sha1(hashed), sha1(`${hashed}\n`)]};
}

/** Whether nobody has changed the packet since it was written into the file of this name. */
export function isIntact({hash, computed}: Packet, uuid: string): boolean {
  return hash === uuid && computed.includes(uuid);
}

/** The text of a packet with these cards, and its uuid; an empty value is no card. */
export function printPacket(cards: Cards): {readonly uuid: string; readonly text: string} {
  const lines = [...cards]
    .filter(([letter, value]) => letter !== hashCard && value !== '')
    .map(([letter, value]) => `${letter} ${value.replace(/\r\n|[\r\n\t]/g, ' ')}`)
    .sort();
  const uuid = sha1(lines.join('\n'));
  return {uuid, text: [...lines, `${hashCard} ${uuid}`, ''].join('\n')};
}

/** The uuid in the name of a packet's file; `undefined` when it is no such name. */
export function packetUuid(fileName: string): string | undefined {
  return /^([0-9a-f]+)\.pkt$/.exec(fileName)?.[1];
}

export function packetFileName(uuid: string): string {
  return `${uuid}.pkt`;
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

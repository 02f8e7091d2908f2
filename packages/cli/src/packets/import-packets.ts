/**
 * Takes the files of packet directories into `pkts.db` (spec mtutil.md 4.1, 5). Only files are read whose uuid, which is their name, is
 * not known yet; what is no packet is named and left alone.
 */
import {lstatSync, readdirSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Config} from '@megatest/config';
import {isIntact, packetUuid, parsePacket, printPlace, UserError} from '@megatest/model';
import type {PacketCounts} from '@megatest/rpc';
import type {NewPacket, PacketQueue} from '@megatest/store';
import {openQueue, queueProblem} from './open-queue.ts';
import {readPacketFile} from './packet-file.ts';
import {type PacketPlaces, packetPlaces} from './packet-places.ts';

export type ImportRequest = {
  readonly config: Config;
  /** That of the config file. */
  readonly controlDirectory: string;
  /** Instead of those of the config; relative to the control directory. */
  readonly directory?: string | undefined;
  readonly onReading?: (directory: string) => void;
  readonly onImported?: (packet: NewPacket) => void;
};

/** Written in one transaction. */
const batchSize = 500;
const mostProblems = 100;

export function importPackets(request: ImportRequest): PacketCounts {
  const {config, controlDirectory, directory, onReading} = request;
  const places = packetPlaces(config, controlDirectory);
  const isNamed = directory !== undefined;
  try {
    using queue = openQueue(places);
    const intake = new PacketIntake(queue, places.verify, request.onImported ?? (() => {}));
    for (const each of isNamed ? [resolve(controlDirectory, directory)] : places.directories) {
      onReading?.(each);
      intake.takeDirectory(each, isNamed);
    }
    return intake.counts;
  } catch (error) {
    throw queueProblem(error, places);
  }
}

/** In one line. */
export function printCounts({imported, known, refused, bad}: PacketCounts): string {
  return `packets: ${imported} imported, ${known} known, ${refused} refused, ${bad} bad`;
}

class PacketIntake {
  readonly #queue: PacketQueue;
  readonly #verify: PacketPlaces['verify'];
  readonly #onImported: (packet: NewPacket) => void;
  readonly #problems: string[] = [];
  #batch: NewPacket[] = [];
  #imported = 0;
  #known = 0;
  #refused = 0;
  #bad = 0;
  #problemCount = 0;

  constructor(queue: PacketQueue, verify: PacketPlaces['verify'], onImported: (packet: NewPacket) => void) {
    this.#queue = queue;
    this.#verify = verify;
    this.#onImported = onImported;
  }

  get counts(): PacketCounts {
    const more = this.#problemCount - this.#problems.length;
    return {
      imported: this.#imported,
      known: this.#known,
      refused: this.#refused,
      bad: this.#bad,
      problems:
        more === 0 ? this.#problems : [...this.#problems.slice(0, -1), `and ${more + 1} more problems`],
    };
  }

  /** One that cannot be read is passed over, unless somebody has asked for just this. */
  takeDirectory(directory: string, isNamed: boolean): void {
    let names: readonly string[];
    try {
      names = readdirSync(directory)
        .filter((name) => name.endsWith('.pkt'))
        .sort();
    } catch (error) {
      const problem = `${directory} cannot be read: ${messageOf(error)}`;
      if (isNamed) {
        throw new UserError(problem);
      }
      this.#note(problem);
      return;
    }
    for (const name of this.#inOrder(directory, names)) {
      this.#takeFile(directory, name);
      if (this.#batch.length >= batchSize) {
        this.#write();
      }
    }
    // Before the next directory, which may have the same packets.
    this.#write();
  }

  /** As they were written: the time in a packet is in seconds, and what was said first is to be done first. */
  #inOrder(directory: string, names: readonly string[]): readonly string[] {
    const timeOf = (name: string) => {
      const uuid = packetUuid(name);
      const isNew = uuid !== undefined && !this.#queue.has(uuid);
      return isNew ? (lstatSync(join(directory, name), {throwIfNoEntry: false})?.mtimeMs ?? 0) : 0;
    };
    return names
      .map((name) => ({name, timeMs: timeOf(name)}))
      .sort((a, b) => a.timeMs - b.timeMs)
      .map(({name}) => name);
  }

  #takeFile(directory: string, name: string): void {
    const path = join(directory, name);
    const uuid = packetUuid(name);
    if (uuid === undefined) {
      this.#leaveAlone(`${path} is skipped: the name of a packet is its hash`);
      return;
    }
    if (this.#queue.has(uuid)) {
      this.#known += 1;
      return;
    }
    try {
      this.#batch.push(this.#read(path, uuid));
    } catch (error) {
      if (!(error instanceof UserError)) {
        throw error;
      }
      const place = error.place === undefined ? '' : `${printPlace(error.place)}: `;
      this.#leaveAlone(`${place}${error.message}`);
    }
  }

  #read(path: string, uuid: string): NewPacket {
    const {text} = readPacketFile(path);
    const packet = parsePacket(text, path);
    const isChanged = this.#verify !== 'off' && !isIntact(packet, uuid);
    const isRefused = isChanged && this.#verify === 'strict';
    if (isChanged) {
      this.#note(
        `${path} is not as it was written${isRefused ? ', and is refused' : ''}: its hash is another`,
      );
    }
    const {cards} = packet;
    return {uuid, parentUuid: cards.get('P') ?? '', type: cards.get('T') || 'cmd', text, isRefused};
  }

  #write(): void {
    const added = this.#queue.add(this.#batch);
    this.#known += this.#batch.length - added.length;
    for (const packet of added) {
      if (packet.isRefused) {
        this.#refused += 1;
      } else {
        this.#imported += 1;
        this.#onImported(packet);
      }
    }
    this.#batch = [];
  }

  #leaveAlone(problem: string): void {
    this.#bad += 1;
    this.#note(problem);
  }

  #note(problem: string): void {
    this.#problemCount += 1;
    if (this.#problems.length < mostProblems) {
      // A name of a file may have anything in it, and is shown on terminals.
      this.#problems.push(problem.replace(/\p{Cc}/gu, '?'));
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

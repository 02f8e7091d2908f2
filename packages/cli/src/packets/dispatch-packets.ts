/**
 * Carries out the commands that wait in `pkts.db`, each once (spec mtutil.md 10): it is noted as done before it is started, so that a
 * crash in between loses it, and never does it twice. What was started is told by a packet.
 */
import {join} from 'node:path';
import {type Cards, parsePacket, quoteForShell, UserError} from '@megatest/model';
import type {PacketQueue, QueuedPacket} from '@megatest/store';
import {logDirectory, nowText, startErrand} from './carry-out.ts';
import type {Control} from './control.ts';
import {openQueue, queueProblem} from './open-queue.ts';
import {writePacket} from './packet-file.ts';
import {hasAction, ordersOf, type PacketOrder} from './packet-orders.ts';
import {packetPlaces} from './packet-places.ts';
import {PacketTrust} from './packet-trust.ts';

export type DispatchWorld = {
  readonly control: Control;
  readonly print: (line: string) => void;
  readonly say: (text: string) => void;
};

type Waiting = QueuedPacket & {readonly cards: Cards};

/** How many packets were begun, and how many could not be; `only` = just this one. */
export async function dispatchPackets(
  world: DispatchWorld,
  only?: string,
): Promise<{readonly begun: number; readonly failed: number}> {
  const {control, say} = world;
  const {config, directory} = control;
  if (config.get('setup', 'dispatch-mode')?.trim() === 'jobs') {
    throw new UserError('[setup] dispatch-mode jobs is not supported by this version: leave it out');
  }
  const places = packetPlaces(config, directory);
  const trust = new PacketTrust(control);
  let begun = 0;
  let failed = 0;
  const complain = (uuid: string, why: string) => {
    failed += 1;
    say(`WARNING: packet ${uuid} is not carried out: ${why}`);
  };
  try {
    using queue = openQueue(places);
    for (const packet of readable(queue, only, complain)) {
      try {
        begun += (await begin(packet, queue, trust, world)) ? 1 : 0;
      } catch (error) {
        if (!(error instanceof UserError)) {
          throw error;
        }
        complain(packet.uuid, error.message);
      }
    }
  } catch (error) {
    throw queueProblem(error, places);
  }
  return {begun, failed};
}

/** What waits, by its time, then as it came. Of what nothing can be made, now or later, the queue is freed. */
function readable(
  queue: PacketQueue,
  only: string | undefined,
  complain: (uuid: string, why: string) => void,
): readonly Waiting[] {
  const waiting: Waiting[] = [];
  for (const packet of queue.queued()) {
    if (only !== undefined && packet.uuid !== only) {
      continue;
    }
    const cards = cardsIn(packet);
    if (cards !== undefined && hasAction(cards)) {
      waiting.push({...packet, cards});
    } else if (queue.settle(packet.id, 'refused')) {
      complain(packet.uuid, 'it says nothing that can be done');
    }
  }
  return waiting.sort((a, b) => timeOf(a) - timeOf(b) || a.id - b.id);
}

/** A queue of 1.6 may hold anything. */
function cardsIn({text, uuid}: QueuedPacket): Cards | undefined {
  try {
    return parsePacket(text, uuid).cards;
  } catch (error) {
    if (error instanceof UserError) {
      return undefined;
    }
    throw error;
  }
}

function timeOf({cards}: Waiting): number {
  return Number(cards.get('D')) || 0;
}

/** False when somebody else has it. */
async function begin(
  packet: Waiting,
  queue: PacketQueue,
  trust: PacketTrust,
  world: DispatchWorld,
): Promise<boolean> {
  const {control, say} = world;
  const {id, uuid, text, cards} = packet;
  const orders = ordersOf(cards, control, say);
  const objections = [
    trust.objection(uuid, text),
    ...orders.map((order) => trust.objectionToArea(order.directory)),
  ];
  const objection = objections.find((each) => each !== undefined);
  if (objection !== undefined) {
    // It stays in the queue: the settings may come to allow it.
    throw new UserError(objection);
  }
  if (!queue.settle(id, 'done')) {
    return false;
  }
  const [packets = ''] = packetPlaces(control.config, control.directory).directories;
  for (const order of orders) {
    await start(order, packet, packets, world);
  }
  writePacket(acknowledgement(uuid, cards), packets);
  return true;
}

async function start(
  order: PacketOrder,
  {uuid, cards}: Waiting,
  packets: string,
  {control, print}: DispatchWorld,
): Promise<void> {
  print(`RUNNING: ${['megatest', ...order.words].map(quoteForShell).join(' ')}`);
  const log = join(logDirectory(control.directory), `${uuid}-${cards.get('A')}.log`);
  const child = startErrand({...order, uuid, packets}, log);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new UserError(`it cannot be started: ${error.message}`)));
  });
}

function acknowledgement(uuid: string, cards: Cards): Cards {
  const action = cards.get('A') ?? '';
  const type = action === 'run' ? 'runstart' : action === 'sync' ? 'syncstart' : action;
  const kept = action === 'run' ? 'Sacnt' : 'act';
  return new Map([
    ['D', nowText()],
    ['P', uuid],
    ['T', type],
    ...[...kept].flatMap((letter): [string, string][] => {
      const value = cards.get(letter);
      return value === undefined ? [] : [[letter, value]];
    }),
  ]);
}

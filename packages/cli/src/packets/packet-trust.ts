/** Whose packets are carried out, and where: a command runs under the account of who dispatches it (spec mtutil.md 10.2). */
import {spawnSync} from 'node:child_process';
import {existsSync, realpathSync} from 'node:fs';
import {join, sep} from 'node:path';
import {packetFileName} from '@megatest/model';
import type {Control} from './control.ts';
import {managedAreas} from './managed-areas.ts';
import {readPacketFile} from './packet-file.ts';
import {packetPlaces} from './packet-places.ts';

export class PacketTrust {
  readonly #directories: readonly string[];
  readonly #uids: ReadonlySet<number>;
  readonly #areas: readonly string[];

  constructor(control: Control) {
    const {config, directory} = control;
    this.#directories = packetPlaces(config, directory).directories;
    const users = config.get('setup', 'pkts-users')?.split(/\s+/) ?? [];
    this.#uids = new Set([0, process.getuid?.() ?? 0, ...users.filter((user) => user !== '').flatMap(uidOf)]);
    this.#areas = [directory, ...managedAreas(control).map(({path}) => path)]
      .filter(existsSync)
      .map((path) => realpathSync(path));
  }

  /** Why a packet is not carried out; `undefined` when it may be. The queue may have been filled from anywhere: its file speaks for it. */
  objection(uuid: string, text: string): string | undefined {
    const path = this.#directories.map((each) => join(each, packetFileName(uuid))).find(existsSync);
    if (path === undefined) {
      return 'its file is in none of [setup] pktsdirs, so nobody can say whose it is';
    }
    const file = readPacketFile(path);
    if (file.text !== text) {
      return `${path} is another than the one that was imported`;
    }
    return this.#uids.has(file.uid)
      ? undefined
      : `${path} belongs to user ${file.uid}, who is not named in [setup] pkts-users`;
  }

  objectionToArea(directory: string): string | undefined {
    if (!existsSync(directory)) {
      return `${directory} is not there`;
    }
    const path = realpathSync(directory);
    return this.#areas.some((area) => path === area || path.startsWith(area + sep))
      ? undefined
      : `${directory} is in no area of [areas]`;
  }
}

function uidOf(user: string): readonly number[] {
  const {status, stdout} = spawnSync('id', ['-u', '--', user], {encoding: 'utf8'});
  return status === 0 ? [Number(stdout)] : [];
}

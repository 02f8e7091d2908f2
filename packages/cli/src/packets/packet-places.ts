/** Where an area, or a control directory of `mtutil`, has its packets (spec mtutil.md 3.1). */
import {join, resolve} from 'node:path';
import type {Config} from '@megatest/config';
import {UserError} from '@megatest/model';

export type PacketPlaces = {
  /** Where packets are looked for; new ones are written to the first. */
  readonly directories: readonly string[];
  /** The file of the queue. */
  readonly queue: string;
  /** What becomes of a packet that is not as it was written: it is taken with a warning, refused, or nobody looks. */
  readonly verify: 'warn' | 'strict' | 'off';
};

/** Paths in the config are relative to its directory. */
export function packetPlaces(config: Config, controlDirectory: string): PacketPlaces {
  const directories = (config.get('setup', 'pktsdirs') ?? '')
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => resolve(controlDirectory, word));
  const [first] = directories;
  if (first === undefined) {
    throw new UserError(
      'settings are missing in your megatest.config for area management. Set [setup] pktsdirs to the directories of packets',
    );
  }
  const queueDirectory = config.get('setup', 'pdbpath')?.trim() || first;
  const verify = config.get('setup', 'pkts-verify')?.trim();
  return {
    directories,
    queue: join(resolve(controlDirectory, queueDirectory), 'pkts.db'),
    verify: verify === 'strict' || verify === 'off' ? verify : 'warn',
  };
}

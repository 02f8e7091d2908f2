/** Packets (spec homehost.md 9.13, mtutil.md 5). */
import {method} from '../method-table.ts';
import {name} from './shapes.ts';

export type PacketCounts = {
  readonly imported: number;
  /** They were in `pkts.db` before. */
  readonly known: number;
  /** Recorded as never to be carried out: they are not as they were written, and `[setup] pkts-verify` is `strict`. */
  readonly refused: number;
  /** Files that are no packets, and were left alone. */
  readonly bad: number;
  /** A sentence for each file or directory with which something is wrong, at most 100. */
  readonly problems: readonly string[];
};

export const packetsMethods = {
  'pkts.import': method<PacketCounts>()(
    'long',
    'Takes new packets of the packet directories, or of `dir` (relative to the area), into `pkts.db`; done by the manager of the user of the daemon.',
    {dir: name.min(1).optional()},
    'operator',
  ),
} as const;

/**
 * The clock of the disk that an area lies on. A network disk gives files the time of its server, so a file that is written says what
 * time it is there, and how long the disk takes (spec homehost.md 12.3).
 */
import {existsSync, statfsSync, statSync, unlinkSync, writeFileSync} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import {type Finding, fine, warning} from './finding.ts';

export type DiskClock = {
  /** What the disk says. */
  readonly timeMs: number;
  /** This host's clock before the file was written, and after it was looked at. */
  readonly beforeMs: number;
  readonly afterMs: number;
};

/** Clocks may differ by so much before somebody is told. */
export const clockSkewLimitMs = 5000;
/** A disk that takes longer for one small file makes every start of a test slow. */
const slowMs = 1000;
/** Some disks keep only every second second. */
const coarseMs = 2000;

/** Kinds of file systems, as `statfs` numbers them, whose times are not this host's. */
const networkKinds: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9p'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0xaad7aaea, 'PanFS'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

/** `undefined` when nothing can be written there. */
export function readDiskClock(folder: string): DiskClock | undefined {
  const probe = join(folder, `.clock.${hostname()}.${process.pid}`);
  try {
    const beforeMs = Date.now();
    writeFileSync(probe, '');
    const timeMs = statSync(probe).mtimeMs;
    return {timeMs, beforeMs, afterMs: Date.now()};
  } catch {
    return undefined;
  } finally {
    if (existsSync(probe)) {
      unlinkSync(probe);
    }
  }
}

/** The clock of the disk that the area lies on; this host's where the area cannot be written. */
export function fileServerNowMs(areaPath: string): number {
  return readDiskClock(areaPath)?.timeMs ?? Date.now();
}

/** How the area's disk does, as seen from this host. */
export function diskClockFinding(areaPath: string, check: string): Finding {
  const kind = networkKinds.get(statfsSync(areaPath).type >>> 0);
  if (kind === undefined) {
    return fine(check, `${areaPath} is on a local disk of this host, which has its clock`);
  }
  const clock = readDiskClock(areaPath);
  return clock === undefined
    ? warning(
        check,
        `${areaPath} cannot be written, so the clock of its ${kind} disk is not known`,
        'look as somebody who may write the area',
      )
    : judgeDiskClock(clock, kind, check);
}

export function judgeDiskClock(clock: DiskClock, kind: string, check: string): Finding {
  const tookMs = clock.afterMs - clock.beforeMs;
  const skewMs = skewOf(clock);
  const took = `the ${kind} disk of the area took ${tookMs} ms for a file`;
  if (Math.abs(skewMs) > clockSkewLimitMs) {
    return warning(
      check,
      `${took}, and its clock is ${printSkew(skewMs)} that of this host`,
      'set the clocks of both by the same time server (NTP)',
    );
  }
  return tookMs > slowMs
    ? warning(check, took, 'tests start and end slowly on it: look at the network and the file server')
    : fine(check, `${took}, and its clock is that of this host`);
}

/** How far a clock is ahead of another one, or behind it. */
export function printSkew(skewMs: number): string {
  return `${Math.round(Math.abs(skewMs) / 1000)} seconds ${skewMs > 0 ? 'ahead of' : 'behind'}`;
}

/** 0 while the disk's time can be one between the two of this host. */
function skewOf({timeMs, beforeMs, afterMs}: DiskClock): number {
  if (timeMs > afterMs) {
    return timeMs - afterMs;
  }
  return timeMs < beforeMs - coarseMs ? timeMs - beforeMs : 0;
}

/** What a test's row says of the host it ran on. */
import {spawnSync} from 'node:child_process';
import {availableParallelism, loadavg} from 'node:os';

let known: string | undefined;

/** `uname -srvpio`, asked once: it does not change while this process lives. */
export function hostUname(): string {
  known ??= spawnSync('uname', ['-srvpio'], {encoding: 'utf8'}).stdout?.trim() || 'unknown';
  return known;
}

/** The kernel counts it anew every five seconds. */
const loadAgeMs = 1000;
let load = {perCore: 0, readMs: Number.NEGATIVE_INFINITY};

/** Load of the last minute for each core. */
export function loadPerCore(): number {
  const nowMs = performance.now();
  if (nowMs - load.readMs > loadAgeMs) {
    const perCore = Math.round(((loadavg()[0] ?? 0) / availableParallelism()) * 100) / 100;
    load = {perCore, readMs: nowMs};
  }
  return load.perCore;
}

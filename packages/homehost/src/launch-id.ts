/**
 * Launch ids: `DRIVER.RETRY.UUID`. They begin with the driver and tell which retry it was, so that a new daemon knows both.
 */
import {randomUUID} from 'node:crypto';

export function makeLaunchId(driverId: number, retry: number): string {
  return `${driverId}.${retry}.${randomUUID()}`;
}

/** 0 for a first launch, and for a row that was never launched by a driver. */
export function retryOf(launchId: string): number {
  if (launchId === '') {
    return 0;
  }
  const retry = Number(launchId.split('.', 2)[1] ?? 0);
  return Number.isInteger(retry) ? retry : 0;
}

export function isLaunchOf(driverId: number, launchId: string): boolean {
  return launchId.startsWith(`${driverId}.`);
}

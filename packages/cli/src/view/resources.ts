/** What the processes of a test used, as people read it. */
import {formatDuration} from '@megatest/model';
import type {ResourceUsage} from '@megatest/rpc';

export const resourceHeader = ['CPU', 'USER', 'SYSTEM', 'MEMORY', 'READ', 'WRITTEN'] as const;

const unknown = '-';
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function resourceCells(usage: ResourceUsage | undefined): readonly string[] {
  if (usage === undefined) {
    return resourceHeader.map(() => unknown);
  }
  const {cpuUserS, cpuSystemS, memoryPeakBytes, readBytes, writtenBytes} = usage;
  const cpuS = cpuUserS === null || cpuSystemS === null ? null : cpuUserS + cpuSystemS;
  return [
    ...[cpuS, cpuUserS, cpuSystemS].map(timeText),
    ...[memoryPeakBytes, readBytes, writtenBytes].map(sizeText),
  ];
}

/** CPU time is often far below a second. */
function timeText(seconds: number | null): string {
  if (seconds === null) {
    return unknown;
  }
  return seconds < 60 ? `${seconds.toFixed(2)}s` : formatDuration(seconds);
}

function sizeText(bytes: number | null): string {
  if (bytes === null) {
    return unknown;
  }
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

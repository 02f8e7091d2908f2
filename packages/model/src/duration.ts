/** Durations as people write and read them. */

const unitSeconds: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86400};

/**
 * Seconds of a text such as `1h 2m 3s` (spec execution.md 10.5): blank-separated parts of digits and a unit, summed; parts
 * that do not match are ignored. `undefined` when no part is valid.
 */
export function parseDuration(text: string): number | undefined {
  let seconds: number | undefined;
  for (const part of text.trim().split(/\s+/)) {
    const [, digits, unit = ''] = /^(\d+)([smhd])$/.exec(part) ?? [];
    if (digits !== undefined) {
      seconds = (seconds ?? 0) + Number(digits) * (unitSeconds[unit] ?? 0);
    }
  }
  return seconds;
}

/** `1hr 2m 5s`; hours and minutes only when there are any (spec cli.md 24.17). */
export function formatDuration(totalSeconds: number): string {
  const seconds = Math.max(0, Math.floor(totalSeconds));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return `${hours > 0 ? `${hours}hr ` : ''}${minutes > 0 ? `${minutes}m ` : ''}${seconds % 60}s`;
}

/**
 * What `megatest doctor` finds: in the daemon, in a manager and in the command itself (spec homehost.md 9.1, 9.12). Nothing is to be
 * done while `fix` is empty; what works and has a fix all the same is a warning.
 */
import {existsSync, statfsSync} from 'node:fs';
import {dirname} from 'node:path';

export type Finding = {
  readonly check: string;
  readonly ok: boolean;
  readonly text: string;
  /** What to do about it. */
  readonly fix: string;
};

const kib = 1024;

export function fine(check: string, text: string): Finding {
  return {check, ok: true, text, fix: ''};
}

export function warning(check: string, text: string, fix: string): Finding {
  return {check, ok: true, text, fix};
}

export function problem(check: string, text: string, fix: string): Finding {
  return {check, ok: false, text, fix};
}

/** Whether a place has more than `requiredKiB` left; of a folder that is still to be made, the one that it will be made in counts. */
export function spaceFinding(
  check: string,
  folder: string,
  requiredKiB: number,
  setting: string,
  freeKiB = freeKiBOf(folder),
): Finding {
  return freeKiB > requiredKiB
    ? fine(check, `${folder}, ${printFree(freeKiB)}`)
    : problem(
        check,
        `${folder} has ${freeKiB} KiB free, more than ${requiredKiB} are wanted`,
        `make room, or lower ${setting}`,
      );
}

export function printFree(freeKiB: number): string {
  return `${Math.floor(freeKiB / kib)} MiB free`;
}

function freeKiBOf(folder: string): number {
  let place = folder;
  while (!existsSync(place) && dirname(place) !== place) {
    place = dirname(place);
  }
  const {bavail, bsize} = statfsSync(place);
  return Math.floor((bavail * bsize) / kib);
}

/** Whether this user may change an area at all (spec homehost.md 7, 12.1): asked before anything is started or written for it. */
import {accessSync, constants, existsSync} from 'node:fs';
import {join} from 'node:path';
import {UserError} from '@megatest/model';
import {readKey} from './server-keys.ts';

export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What changes the area is refused; not to who may write through the daemon, which shows in the key. */
export function refuseReadOnly(areaPath: string, what: string): void {
  if (isReadOnly(areaPath) && readKey(areaPath)?.name !== 'rw') {
    throw readOnly(areaPath, what);
  }
}

/** A daemon writes its record into the area, and the results. */
export function refuseStart(areaPath: string): void {
  if (isReadOnly(areaPath) || !isWritable(areaPath)) {
    throw readOnly(areaPath, 'to start its daemon');
  }
}

/** An area without results is no read-only one as long as they can be written there. */
function isReadOnly(areaPath: string): boolean {
  const file = join(areaPath, 'megatest.db');
  return !isWritable(existsSync(file) ? file : areaPath);
}

function readOnly(areaPath: string, what: string): UserError {
  return new UserError(`${areaPath} is read-only for you: ${what} is refused`, {
    hint: 'what is recorded there can be listed',
    exitCode: 1,
  });
}

/** The two keys of an area: who can read one may do through the daemon what it stands for (spec homehost.md 6.6). */
import {randomBytes} from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';

export type KeyName = 'rw' | 'ro';

export function keyFile(areaPath: string, key: KeyName): string {
  return join(areaPath, key === 'rw' ? '.server.key' : '.server.ro.key');
}

/** The strongest key that this process can read. */
export function readKey(areaPath: string): {readonly name: KeyName; readonly key: string} | undefined {
  for (const name of ['rw', 'ro'] as const) {
    const file = keyFile(areaPath, name);
    try {
      accessSync(file, constants.R_OK);
      const key = readFileSync(file, 'utf8').trim();
      if (/^[0-9a-f]{64}$/.test(key)) {
        return {name, key};
      }
    } catch {
      // Not readable for this user: the weaker one may be.
    }
  }
  return undefined;
}

/** Reads a key or makes a new one; a file that more people can use than `mode` allows is replaced. */
export function ensureKey(file: string, mode: number): {readonly key: string; readonly wasReplaced: boolean} {
  let wasReplaced = false;
  if (existsSync(file)) {
    const key = readFileSync(file, 'utf8').trim();
    const found = statSync(file).mode & 0o777;
    if (/^[0-9a-f]{64}$/.test(key) && (found & ~mode) === 0) {
      if (found !== mode) {
        // The area has been opened to more users since.
        chmodSync(file, mode);
      }
      return {key, wasReplaced: false};
    }
    wasReplaced = true;
  }
  const key = randomBytes(32).toString('hex');
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, `${key}\n`, {mode});
  chmodSync(fresh, mode);
  renameSync(fresh, file);
  return {key, wasReplaced};
}

/** Mode of the read-write key: who may write the area may write through the daemon. */
export function keyMode(areaPath: string): number {
  const {mode} = statSync(areaPath);
  return 0o600 | (mode & 0o020 ? 0o040 : 0) | (mode & 0o002 ? 0o004 : 0);
}

/** Mode of the read-only key: who can read the results can look. */
export function viewerKeyMode(areaFile: string): number {
  return (statSync(areaFile).mode & 0o444) | 0o600;
}

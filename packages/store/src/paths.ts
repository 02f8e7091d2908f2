/** Where the databases of an area live (spec homehost.md 3). */
import {createHash} from 'node:crypto';
import {mkdirSync, statSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {UserError} from '@megatest/model';

export type AreaIdentity = {
  /** Real path of the area. */
  readonly path: string;
  readonly name: string;
};

export function dotted(path: string): string {
  return path.replaceAll('/', '.');
}

/** Hex md5 of the area's path: part of socket and cache names. */
export function areaHash(path: string): string {
  return createHash('md5').update(path).digest('hex');
}

export function workingDirectory(area: AreaIdentity, user = userInfo().username): string {
  return join('/tmp', user, 'megatest_localdb', area.name, dotted(area.path));
}

export function managerDirectory(area: AreaIdentity, user = userInfo().username): string {
  return join('/tmp', user, 'megatest_manager', area.name, dotted(area.path));
}

/** Candidates for C, tried in this order. */
export function cachePaths(area: AreaIdentity, user = userInfo().username): readonly string[] {
  const file = join(area.name, `${areaHash(area.path)}.db`);
  return [
    join('/tmp', user, 'megatest_cache', file),
    join('/tmp', `${user}-megatest_cache`, file),
    join('/tmp', `${user}_megatest_cache`, file),
  ];
}

/** Makes a directory that only this user may read; one that is there must be this user's and closed to writers. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, {recursive: true, mode: 0o700});
  const {uid, mode} = statSync(path);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) {
    throw new UserError(
      `${path} belongs to uid ${uid} with mode ${(mode & 0o777).toString(8)}: it must be your own and not writable by others`,
      {hint: 'remove it, or give it to you with mode 0700'},
    );
  }
}

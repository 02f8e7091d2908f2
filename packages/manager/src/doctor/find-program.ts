/** Where a command is, as a shell would find it. */
import {accessSync, constants, statSync} from 'node:fs';
import {join} from 'node:path';
import type {Env} from '@megatest/config';

export function findProgram(name: string, env: Readonly<Env>): string | undefined {
  const places = name.includes('/')
    ? [name]
    : (env.PATH ?? '').split(':').map((folder) => join(folder === '' ? '.' : folder, name));
  return places.find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Paths as `#{rp PATH}` gives them (spec config.md 4.2). */
import {readFileSync} from 'node:fs';
import {homedir} from 'node:os';
import {isAbsolute, join, normalize} from 'node:path';
import type {Env} from './shell.ts';

/** Absolute and textually normalised; symbolic links are not followed, a leading `~` or `~user` is expanded. */
export function resolvePath(path: string, cwd: string, env: Readonly<Env>): string {
  const whole = expandHome(path, env);
  const absolute = normalize(isAbsolute(whole) ? whole : join(cwd, whole));
  return absolute.length > 1 && absolute.endsWith('/') ? absolute.slice(0, -1) : absolute;
}

/** `~` and `~/x` by the environment, `~user/x` by the system's list of users; a user that nobody knows stays as it is. */
export function expandHome(path: string, env: Readonly<Env>): string {
  const [whole, user] = /^~([\w.-]*)(?=\/|$)/.exec(path) ?? [];
  if (whole === undefined) {
    return path;
  }
  const home = user === '' || user === undefined ? (env.HOME ?? homedir()) : homeOf(user);
  return home === undefined ? path : home + path.slice(whole.length);
}

function homeOf(user: string): string | undefined {
  let users: string;
  try {
    users = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return undefined;
  }
  const line = users.split('\n').find((one) => one.startsWith(`${user}:`));
  return line?.split(':')[5];
}

/**
 * A folder of one host of the rig as a network disk of another: a real one, by sshfs, with a cache of file attributes that believes for a
 * minute what it knew, as NFS may. It asks its server again and again while the link is cut, and goes on when that is healed.
 */
import {spawn, spawnSync} from 'node:child_process';
import type {Host} from './hosts.ts';
import {until} from './until.ts';

const attributeCacheS = 60;

/** Mounts `server`'s folder `path` at the same path on `host`. The server needs an sshd (`Hosts.startSsh`). */
export async function mountNetworkDisk(server: Host, host: Host, path: string): Promise<AsyncDisposable> {
  const options = [
    'reconnect',
    // Links of an area lead to the same paths on every host.
    'no_contain_symlinks',
    'ServerAliveInterval=1',
    'ServerAliveCountMax=3',
    `dcache_timeout=${attributeCacheS}`,
  ];
  const [program = '', ...words] = host.enter;
  const mount = spawn(
    program,
    [...words, 'sshfs', '-f', `${server.name}:${path}`, path, ...options.flatMap((option) => ['-o', option])],
    {stdio: ['ignore', 'ignore', 'inherit'], cwd: '/'},
  );
  const exited = new Promise<void>((resolve) => mount.once('exit', () => resolve()));
  const inside = (...command: readonly string[]) => spawnSync(program, [...words, ...command], {cwd: '/'});
  await until(() => inside('mountpoint', '-q', path).status === 0);
  return {
    async [Symbol.asyncDispose]() {
      // Lazily: somebody may still stand in it.
      inside('umount', '-l', path);
      mount.kill('SIGTERM');
      await exited;
    },
  };
}

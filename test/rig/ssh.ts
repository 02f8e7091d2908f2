/** A real sshd on each host of the rig, with keys of its own; the machine's own configuration is not touched. */
import {execFileSync, spawn} from 'node:child_process';
import {chmodSync, copyFileSync, existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Host} from './hosts.ts';

/** What stands in `/etc/ssh/ssh_config` on a host of the rig. */
export function sshConfig(directory: string): string {
  return [
    'Host *',
    `  IdentityFile ${join(directory, 'ssh/user')}`,
    '  IdentitiesOnly yes',
    '  StrictHostKeyChecking no',
    '  UserKnownHostsFile /dev/null',
    '  LogLevel ERROR',
    '  BatchMode yes',
    '  SendEnv MEGATEST_RIG_MARK',
    '',
  ].join('\n');
}

export async function startSshd(host: Host, directory: string): Promise<AsyncDisposable> {
  const keys = join(directory, 'ssh');
  if (!existsSync(keys)) {
    mkdirSync(keys, {mode: 0o700});
    for (const name of ['user', 'server']) {
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, name)]);
    }
    copyFileSync(join(keys, 'user.pub'), join(keys, 'authorized_keys'));
    chmodSync(join(keys, 'authorized_keys'), 0o600);
  }
  const config = join(keys, `sshd-${host.name}.conf`);
  writeFileSync(
    config,
    [
      'Port 22',
      `ListenAddress ${host.address}`,
      `HostKey ${join(keys, 'server')}`,
      `AuthorizedKeysFile ${join(keys, 'authorized_keys')}`,
      'PidFile none',
      'UsePAM no',
      'Subsystem sftp internal-sftp',
      'StrictModes no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'MaxStartups 200',
      'MaxSessions 200',
      'AcceptEnv MEGATEST_RIG_MARK',
      '',
    ].join('\n'),
  );
  mkdirSync('/run/sshd', {recursive: true});
  const [program = '', ...words] = host.enter;
  const daemon = spawn(program, [...words, '/usr/sbin/sshd', '-D', '-e', '-f', config], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => daemon.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    daemon.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('Server listening')) {
        resolve();
      }
    });
    daemon.once('exit', () => reject(new Error(`sshd on ${host.name} did not start: ${said}`)));
  });
  return {
    async [Symbol.asyncDispose]() {
      daemon.kill('SIGTERM');
      await exited;
    },
  };
}

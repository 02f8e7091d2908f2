/**
 * Several hosts on one machine: each is a network namespace on a common bridge, with its own host name, its own `/tmp`
 * and its own `/etc/hosts`; all else of the file system is shared. Needs root; everything it makes, it removes.
 */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {sshConfig, startSshd} from './ssh.ts';

export type Host = {
  readonly name: string;
  readonly address: string;
  /** Words to put before a command so that it runs on this host. */
  readonly enter: readonly string[];
  /** The directory that is `/tmp` on this host. */
  readonly tmp: string;
  cutLink(): void;
  healLink(): void;
};

let made = 0;

export class Hosts implements AsyncDisposable {
  readonly hosts: readonly Host[];
  readonly #bridge: string;
  readonly #namespaces: string[] = [];
  readonly #holders: ChildProcess[] = [];
  readonly #daemons: AsyncDisposable[] = [];

  private constructor(hosts: readonly Host[], bridge: string, namespaces: string[], holders: ChildProcess[]) {
    this.hosts = hosts;
    this.#bridge = bridge;
    this.#namespaces = namespaces;
    this.#holders = holders;
  }

  /** Makes one host for each name; `directory` (outside `/tmp`) takes their private directories. */
  static async make(names: readonly string[], directory: string): Promise<Hosts> {
    made += 1;
    const prefix = `mt${process.pid % 100_000}x${made}`;
    const switchSpace = `${prefix}sw`;
    const subnet = `10.${100 + (process.pid % 100)}.${made}`;
    const addresses = names.map((_, index) => `${subnet}.${index + 1}`);
    const namespaces = [switchSpace];
    const holders: ChildProcess[] = [];
    ip('netns', 'add', switchSpace);
    inSpace(switchSpace, 'ip', 'link', 'add', 'br0', 'type', 'bridge');
    inSpace(switchSpace, 'ip', 'link', 'set', 'br0', 'up');
    const etcHosts = [
      '127.0.0.1 localhost',
      ...names.map((name, index) => `${addresses[index]} ${name}`),
      '',
    ].join('\n');
    const hosts: Host[] = [];
    for (const [index, name] of names.entries()) {
      const space = `${prefix}${name}`;
      const address = addresses[index] ?? '';
      ip('netns', 'add', space);
      namespaces.push(space);
      const port = `p${index}`;
      ip('link', 'add', 'eth0', 'netns', space, 'type', 'veth', 'peer', 'name', port, 'netns', switchSpace);
      inSpace(switchSpace, 'ip', 'link', 'set', port, 'master', 'br0', 'up');
      inSpace(space, 'ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0');
      inSpace(space, 'ip', 'link', 'set', 'eth0', 'up');
      inSpace(space, 'ip', 'link', 'set', 'lo', 'up');
      const own = join(directory, `host-${name}`);
      const tmp = join(own, 'tmp');
      mkdirSync(tmp, {recursive: true});
      writeFileSync(join(own, 'hosts'), etcHosts);
      writeFileSync(join(own, 'ssh_config'), sshConfig(directory));
      const holder = await startHolder(space, name, own);
      holders.push(holder);
      hosts.push({
        name,
        address,
        tmp,
        enter: ['nsenter', '-t', String(holder.pid), '-m', '-u', '-n', '--'],
        cutLink: () => inSpace(switchSpace, 'ip', 'link', 'set', port, 'down'),
        healLink: () => inSpace(switchSpace, 'ip', 'link', 'set', port, 'up'),
      });
    }
    return new Hosts(hosts, switchSpace, namespaces, holders);
  }

  host(name: string): Host {
    const host = this.hosts.find((candidate) => candidate.name === name);
    if (host === undefined) {
      throw new Error(`no host ${name} in switch ${this.#bridge}`);
    }
    return host;
  }

  /** Starts a real sshd on every host; from then on `ssh NAME` works between them, without a question. */
  async startSsh(directory: string): Promise<void> {
    for (const host of this.hosts) {
      this.#daemons.push(await startSshd(host, directory));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons) {
      await daemon[Symbol.asyncDispose]();
    }
    for (const holder of this.#holders) {
      const gone = new Promise((resolve) => holder.once('exit', resolve));
      holder.stdin?.end();
      await gone;
    }
    for (const space of this.#namespaces) {
      ip('netns', 'delete', space);
    }
  }
}

/** The process that keeps a host's namespaces alive until its standard input ends. */
async function startHolder(space: string, name: string, own: string): Promise<ChildProcess> {
  const script = [
    'mount --make-rprivate /',
    `mount --bind '${own}/tmp' /tmp`,
    'chmod 1777 /tmp',
    `mount --bind '${own}/hosts' /etc/hosts`,
    // Without OpenSSH there is no such file, and nothing to configure.
    `{ [ ! -e /etc/ssh/ssh_config ] || mount --bind '${own}/ssh_config' /etc/ssh/ssh_config; }`,
    // What a person's shell runs at its start is no part of a test; killed in the middle, it may leave a lock that the next one waits for.
    '{ [ ! -e "$HOME/.bashrc" ] || mount --bind /dev/null "$HOME/.bashrc"; }',
    `hostname '${name}'`,
    'echo ready',
    'read -r nothing',
  ].join(' && ');
  // --net=/run/netns/X rather than `ip netns exec`, which would replace /sys.
  const holder = spawn(
    'nsenter',
    [`--net=/run/netns/${space}`, 'unshare', '--mount', '--uts', 'sh', '-c', script],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.once('data', () => resolve());
    holder.once('exit', (code) => reject(new Error(`host ${name} did not start (exit ${code})`)));
  });
  return holder;
}

function ip(...words: string[]): void {
  execFileSync('ip', words, {stdio: ['ignore', 'ignore', 'pipe']});
}

function inSpace(space: string, ...words: string[]): void {
  execFileSync('ip', ['netns', 'exec', space, ...words], {stdio: ['ignore', 'ignore', 'pipe']});
}

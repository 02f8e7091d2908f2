/** An area on a real network disk that two hosts mount, whose caches of attributes are a minute old. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it, vi} from 'vitest';
import {areaWith, runWords, smallArea} from '../execution/area-files.ts';
import {steerScript, TestArea} from '../rig/area.ts';
import {Conductor} from '../rig/conductor.ts';
import {type Host, Hosts} from '../rig/hosts.ts';
import {describeWith} from '../rig/needs.ts';
import {mountNetworkDisk} from '../rig/network-disk.ts';
import {until} from '../rig/until.ts';

vi.setConfig({testTimeout: 90_000});

/** The disk is on `disk`; the homehost is alpha, and beta is another host. */
class NetworkArea implements AsyncDisposable {
  readonly area: TestArea;
  readonly hosts: Hosts;
  readonly #mounts: readonly AsyncDisposable[];

  private constructor(area: TestArea, hosts: Hosts, mounts: readonly AsyncDisposable[]) {
    this.area = area;
    this.hosts = hosts;
    this.#mounts = mounts;
  }

  static async make(files: Readonly<Record<string, string>>): Promise<NetworkArea> {
    const area = TestArea.make(files);
    const directory = area.beside('hosts');
    const hosts = await Hosts.make(['disk', 'alpha', 'beta'], directory);
    await hosts.startSsh(directory);
    const disk = hosts.host('disk');
    const mounts = [
      await mountNetworkDisk(disk, hosts.host('alpha'), area.path),
      await mountNetworkDisk(disk, hosts.host('beta'), area.path),
    ];
    return new NetworkArea(area, hosts, mounts);
  }

  host(name: string): Host {
    return this.hosts.host(name);
  }

  /** Names and results of the tests, as a command on a host tells them. */
  async results(host: string): Promise<readonly string[]> {
    const {stdout, stderr} = await this.area.megatest(['tests', '-t', 'x', '-n', 'r', '--json'], {
      host: this.host(host),
    });
    expect(stderr).toBe('');
    const rows = JSON.parse(stdout) as readonly Record<'testName' | 'itemPath' | 'status', string>[];
    return rows.map(({testName, itemPath, status}) => `${testName} ${itemPath} ${status}`.replace('  ', ' '));
  }

  /** As T says, on the disk itself. Sshfs keeps locks to its own host, so T is read while nobody writes it. */
  async inArea(): Promise<readonly string[]> {
    await this.area.megatest(['rpc', 'sync.flush'], {host: this.host('alpha')});
    return this.area
      .query("SELECT trim(testname || ' ' || item_path) || ' ' || status AS text FROM tests ORDER BY id")
      .map(({text}) => String(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.area.end();
    for (const mount of this.#mounts) {
      await mount[Symbol.asyncDispose]();
    }
    await this.hosts[Symbol.asyncDispose]();
    await this.area[Symbol.asyncDispose]();
  }
}

describeWith(['root', 'ip', 'unshare', 'sshd', 'ssh', 'sshfs'], 'an area on a network disk', () => {
  it('case 24: what a host has believed of the disk for a minute hides neither the daemon nor what was written', async () => {
    await using network = await NetworkArea.make(
      areaWith({one: '[ezsteps]\none true\n', two: '[ezsteps]\none true\n'}),
    );
    const {area} = network;
    const [alpha, beta] = [network.host('alpha'), network.host('beta')];
    // Beta looks at the folder before anything is in it.
    await area.shell('ls -la; stat .server megatest.db', {host: beta});
    expect((await area.megatest(['server', 'start'], {host: alpha})).code).toBe(0);
    const {pid} = area.serverRecord();
    expect((await area.megatest(runWords, {host: beta})).code).toBe(0);
    // No second daemon was started because the first one was not seen.
    expect(area.serverRecord().pid).toBe(pid);
    expect(await network.results('beta')).toEqual(['one PASS', 'two PASS']);
    // T and C are as old as beta believes; what alpha writes is seen all the same.
    const words = [
      '-set-state-status',
      'COMPLETED,FAIL',
      '-target',
      'x',
      '-runname',
      'r',
      '-testpatt',
      'two',
    ];
    expect((await area.megatest(words, {host: alpha})).code).toBe(0);
    await area.megatest(['rpc', 'sync.flush'], {host: alpha});
    expect(await network.results('beta')).toEqual(['one PASS', 'two FAIL']);
    const listed = await area.megatest(
      ['-list-runs', '%', '-target', 'x', '-testpatt', '%', '-dumpmode', 'json'],
      {host: beta},
    );
    expect(listed.stdout).toContain('"FAIL"');
  });

  it('has a run whose tests end right and once each when the link to the disk is cut for a time', async () => {
    const body = `(echo >> bodies; ${steerScript})`;
    await using network = await NetworkArea.make({
      ...areaWith({
        steered: `[items]\nN 1 2\n[ezsteps]\nbody ${body}\n`,
        after: '[requirements]\nwaiton steered\n[ezsteps]\none true\n',
      }),
      'runconfigs.config': '[default]\nSTEER_DIR #{getenv MT_RUN_AREA_HOME}/../steer\n',
      'megatest.config': smallArea,
    });
    const {area} = network;
    using conductor = new Conductor(area.beside('steer'));
    const alpha = network.host('alpha');
    await area.megatest(['server', 'start'], {host: alpha});
    const run = area.start(['megatest', ...runWords], {host: alpha});
    const early = run.ended.then(({stdout, stderr}) => {
      throw new Error(`the run ended too early:\n${stdout}\n${stderr}`);
    });
    const bodies = await Promise.race([
      Promise.all([conductor.body('steered/1'), conductor.body('steered/2')]),
      early,
    ]);
    network.host('disk').cutLink();
    for (const steered of bodies) {
      steered.exit(0);
    }
    // The disk does not answer: a command that looks at it stands still.
    const look = area.start(['sh', '-c', 'cat megatest.config > /dev/null; echo seen'], {host: alpha});
    await until(() => blocked(look.child.pid ?? 0));
    expect(look.stdout()).toBe('');
    network.host('disk').healLink();
    expect((await look.ended).stdout).toBe('seen\n');
    const {code, stderr} = await run.ended;
    expect(code, stderr).toBe(0);
    const wanted = ['after PASS', 'steered 1 PASS', 'steered 2 PASS', 'steered PASS'];
    expect([...(await network.results('beta'))].sort()).toEqual(wanted);
    expect([...(await network.inArea())].sort()).toEqual(wanted);
    for (const item of ['1', '2']) {
      expect(readFileSync(join(area.path, 'links/x/r/steered', item, 'bodies'), 'utf8')).toBe('\n');
    }
  });
});

/** A process that waits for a disk. */
function blocked(pid: number): boolean {
  return /^State:\s+[DS]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

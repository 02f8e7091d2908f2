/** `megatest doctor` (spec cli.md 22): each check with what it is for brought about, and what it says to do. */
import {chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {type RunOptions, TestArea} from '../rig/area.ts';
import {Hosts} from '../rig/hosts.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {config, LoneArea} from './lone-area.ts';

type Check = {
  readonly name: string;
  readonly verdict: string;
  readonly text: string;
  readonly advice?: string;
};

async function doctor(area: TestArea, options: RunOptions = {}) {
  const {code, stdout, stderr} = await area.megatest(['doctor', '--json'], options);
  if (stdout === '') {
    throw new Error(stderr);
  }
  const checks = JSON.parse(stdout) as readonly Check[];
  const bad = checks.filter(({verdict}) => verdict !== 'ok');
  // Whatever is not well says what to do.
  expect(bad.filter(({advice}) => advice === undefined)).toEqual([]);
  expect(code).toBe(bad.some(({verdict}) => verdict === 'problem') ? 1 : 0);
  return {
    names: checks.map(({name}) => name),
    /** `VERDICT TEXT` of the checks with this name. */
    of: (name: string) =>
      checks.filter((check) => check.name === name).map(({verdict, text}) => `${verdict} ${text}`),
    bad: bad.map(({name}) => name),
  };
}

/** Notes whom it is to reach, and reaches `near` alone. */
const fakeSsh = `#!/bin/sh
echo "$*" >> "$(dirname "$0")/asked"
case "$*" in *" near true") exit 0;; esac
echo "ssh: connect to host: No route to host" >&2
exit 255
`;

const illConfig = `${config.replace('required 1', 'required 1e12').replace('minspace 1', 'minspace 1e12')}
[disks]
gone /nowhere/disk
[jobtools]
launcher nowhere-to-be-found -x
flexi-launcher yes
[launchers]
a% shell
b% near
c% far
d% module
e% typo
g% slow
[host-types]
shell exec true
near ssh near
far ssh -p 2222 ann@far
module #{getenv MT_RUN_AREA_HOME}/launcher.mjs
slow #MTLOWESTLOAD near far
unused ssh unused
[hosts]
farm near more 12 -oProxyCommand=x
[archive]
bup /nowhere/bup
[archive-disks]
arc /nowhere/archive
`;

it('says what is wrong with the programs, disks and hosts that the area names, and asks no other host', async () => {
  await using area = TestArea.make({
    'megatest.config': config,
    'runconfigs.config': '[default]\n',
    'tests/good/testconfig': '[ezsteps]\nstep true\n',
    'bin/ssh': fakeSsh,
    'launcher.mjs': 'export default nothing;\n',
  });
  const env = {PATH: `${join(area.path, 'bin')}:${area.environment().PATH}`};
  const well = await doctor(area, {env});
  expect(well.bad).toEqual([]);
  expect(well.names.join(', ')).toBe(
    'config, keys, tests, area, link tree, disk disk0, launcher, clock, homehost, daemon, database, database space, manager',
  );
  expect(well.of('launcher')).toEqual(['ok none: tests run on the host they are submitted from']);
  expect(well.of('clock')[0]).toContain('local disk');
  expect(existsSync(join(area.path, 'bin/asked'))).toBe(false);

  writeFileSync(join(area.path, 'megatest.config'), illConfig);
  writeFileSync(join(area.path, 'tests/good/testconfig'), '[ezsteps]\nstep cat x | logpro a.logpro a.html\n');
  const ill = await doctor(area, {env});
  expect(ill.of('area')[0]).toMatch(/^problem .* KiB free, more than 1000000000000 are wanted$/);
  expect(ill.of('disk disk0')[0]).toMatch(/^problem .* KiB free, more than/);
  expect(ill.of('disk gone')).toEqual(['problem /nowhere/disk is not there']);
  expect(ill.of('launcher')).toEqual([
    'warning [launchers] e% names the host type typo, which is not there',
    'problem nowhere-to-be-found is not found',
  ]);
  expect(ill.of('launcher shell')).toEqual(['ok exec true']);
  expect(ill.of('launcher near')).toEqual(['ok ssh near']);
  expect(ill.of('launcher slow')).toEqual(['ok #MTLOWESTLOAD near far']);
  expect(ill.of('launcher module')[0]).toMatch(/^problem the launcher module .*launcher.mjs cannot be used/);
  expect(ill.of('logpro')[0]).toMatch(/^ok the test good calls it: \/.*\/logpro$/);
  const refusal = 'ssh: connect to host: No route to host';
  expect(ill.of('ssh')).toEqual([
    'ok near can be reached',
    `problem -p 2222 ann@far ([host-types] far) cannot be reached: ${refusal}`,
    `problem far ([host-types] slow) cannot be reached: ${refusal}`,
    `warning more ([hosts]) cannot be reached: ${refusal}`,
  ]);
  const asked = readFileSync(join(area.path, 'bin/asked'), 'utf8').trim().split('\n').sort();
  const options = '-n -o BatchMode=yes -o ConnectTimeout=5';
  expect(asked).toEqual(
    ['-p 2222 ann@far', 'far', 'more', 'near'].map((words) => `${options} ${words} true`),
  );
  expect(ill.of('bup')).toEqual(['problem /nowhere/bup is not found']);
  expect(ill.of('archive disk arc')).toEqual(['problem /nowhere/archive is not there']);
});

it('the daemon says how its keys, its record, its disk and its databases do', async () => {
  await using lone = await LoneArea.make();
  const {area, path} = lone;
  await lone.rpc('server.status');
  const well = await doctor(area);
  expect(well.bad).toEqual([]);
  expect(well.of('daemon')[0]).toContain(`pid ${lone.pid}, 1 connection`);
  expect(well.of('key files')).toEqual(['ok rw 0600, ro 0644']);
  expect(well.of('database')[0]).toMatch(/MiB, is sound$/);
  expect(well.of('megatest.db')[0]).toMatch(/is sound and [\d.]+ seconds behind$/);

  const key = join(path, '.server.key');
  chmodSync(key, 0o644);
  expect((await doctor(area)).of('key files')).toEqual([
    `problem ${key} has mode 0644, which lets more users in than 0600 would`,
  ]);
  chmodSync(key, 0o600);

  const record = readFileSync(join(path, '.server'), 'utf8');
  writeFileSync(join(path, '.server'), record.replace(/"serverId":"[^"]*"/, '"serverId":"another"'));
  expect((await doctor(area)).of('record')[0]).toMatch(/^problem .*\.server names the daemon with pid \d+/);
  writeFileSync(join(path, '.server'), record);

  // An older T is put back.
  const [areaFile, older] = [join(path, 'megatest.db'), area.beside('older.db')];
  await lone.rpc('sync.flush');
  copyFileSync(areaFile, older);
  await lone.note('later');
  await lone.rpc('sync.flush');
  copyFileSync(older, areaFile);
  await lone.note('after that');
  await lone.untilLogged('was it restored?');
  expect((await doctor(area)).of('megatest.db')[0]).toMatch(/^problem .* it was restored; use /);
  await lone.rpc('sync.flush', {full: true});
  expect((await doctor(area)).bad).toEqual([]);

  const text = config.replace('dbdir-space-required 1', 'dbdir-space-required 1e12');
  writeFileSync(join(path, 'megatest.config'), text);
  await lone.megatest(['server', 'stop']);
  expect((await doctor(area)).of('database space')[0]).toMatch(/^problem .* KiB free/);
  await lone.megatest(['server', 'start']);
  expect((await doctor(area)).of('database space')[0]).toMatch(/^problem .* KiB free/);

  const {pid} = lone;
  await lone.kill();
  expect((await doctor(area)).of('daemon')[0]).toMatch(
    new RegExp(`^ok not running; .* pid ${pid}, that shows no sign of life$`),
  );
  await lone.megatest(['server', 'start']);

  // The head stays: only a look at all pages finds it.
  const bytes = readFileSync(areaFile);
  bytes.fill(0xff, 4096 * 2, 4096 * 12);
  writeFileSync(areaFile, bytes);
  expect((await doctor(area)).of('megatest.db')[0]).toMatch(/^problem .*megatest\.db: /);
});

describeWith(['root', 'ip', 'unshare', 'sshd', 'ssh'], 'the doctor on two hosts', () => {
  it('asks the managers of other hosts what they find there, for who may write', async () => {
    await using area = TestArea.make({
      'megatest.config': `${config}[jobtools]\nlauncher /tmp/own-launcher\nflexi-launcher yes\n[launchers]\nx% far\n[host-types]\nfar ssh alpha\n`,
      'runconfigs.config': '[default]\n',
      'tests/good/testconfig': '[ezsteps]\nstep true\n',
    });
    await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
    await hosts.startSsh(area.beside('.'));
    const [alpha, beta] = [hosts.host('alpha'), hosts.host('beta')];
    await area.megatest(['server', 'start'], {host: alpha});
    // Each host has a `/tmp` of its own, and only beta this program in it.
    writeFileSync(join(beta.tmp, 'own-launcher'), '#!/bin/sh\n', {mode: 0o755});
    await doctor(area, {host: alpha});
    await until(async () => {
      const {stdout} = await area.megatest(['rpc', 'server.status'], {host: alpha});
      return (JSON.parse(stdout) as {managers: unknown[]}).managers.length === 1;
    });
    const seen = await doctor(area, {host: beta});
    expect(seen.of('launcher')).toEqual(['ok /tmp/own-launcher']);
    // The homehost, from where a daemon may have to be started, and what the launcher names.
    expect(seen.of('ssh')).toEqual([`ok ${alpha.address}, alpha can be reached`]);
    expect(seen.of('clock of the homehost')).toEqual(['ok as that of this host']);
    const user = 'root on alpha';
    expect(seen.of(`launcher (${user})`)).toEqual(['problem /tmp/own-launcher is not found']);
    expect(seen.of(`disk disk0 (${user})`)[0]).toMatch(/^ok /);
    expect(seen.bad).toEqual([`launcher (${user})`]);

    // Who may only look makes nobody do anything.
    const hidden = area.beside('key');
    await area.shell(`mv .server.key '${hidden}'`);
    const looked = await area.megatest(['rpc', 'server.doctor'], {host: beta});
    expect(looked.stdout).toContain('"check":"daemon"');
    expect(looked.stdout).not.toContain(`${user})`);
  });
});

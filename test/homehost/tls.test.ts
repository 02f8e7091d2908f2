/** Spec homehost.md 6.6, `[server] tls yes`: other hosts talk to the daemon through TLS, and to no other certificate than its own. */
import {readFileSync, statSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {expect, it} from 'vitest';
import {makeCertificate} from '../../packages/homehost/src/certificate.ts';
import {type Outcome, TestArea} from '../rig/area.ts';
import {type Host, Hosts} from '../rig/hosts.ts';
import {describeWith} from '../rig/needs.ts';
import {until} from '../rig/until.ts';
import {config} from './lone-area.ts';

type TlsRecord = {readonly port: number; readonly pid: number; readonly tls: {readonly fingerprint: string}};

function recordOf(area: TestArea): TlsRecord {
  return area.serverRecord() as unknown as TlsRecord;
}

/** Asks from a host by a program of its own: what it prints is what was answered. */
async function ask(area: TestArea, host: Host, script: string): Promise<Outcome> {
  const file = area.beside('ask.mjs');
  writeFileSync(file, `process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';\n${script}\n`);
  return await area.start(['node', '--no-warnings', file], {host}).ended;
}

/** Shows a certificate and prints whatever it is sent, and when a connection is gone. */
const pretender = [
  "import {createServer} from 'node:tls';",
  "import {readFileSync} from 'node:fs';",
  'const [, , file] = process.argv;',
  "const {key, certificate} = JSON.parse(readFileSync(file, 'utf8'));",
  'const server = createServer({key, cert: certificate}, (socket) => {',
  "  socket.on('error', () => {}).on('data', (bytes) => console.log('got ' + bytes));",
  '});',
  "server.on('connection', (socket) => socket.on('close', () => console.log('gone')));",
  "server.on('tlsClientError', () => {});",
  "server.listen(0, '0.0.0.0', () => console.log('port ' + server.address().port));",
].join('\n');

describeWith(['root', 'ip', 'unshare'], 'with [server] tls yes', () => {
  it('another host runs a test through TLS; who speaks plainly, or meets another certificate, gets nowhere', async () => {
    await using area = TestArea.make({
      'megatest.config': `${config}[server]\ntls yes\n`,
      'runconfigs.config': '[default]\n',
      'tests/good/testconfig': '[ezsteps]\nstep $MT_MEGATEST -test-status :state COMPLETED :status PASS\n',
    });
    await using hosts = await Hosts.make(['alpha', 'beta'], area.beside('.'));
    const [alpha, beta] = [hosts.host('alpha'), hosts.host('beta')];
    expect((await area.megatest(['config', 'check'], {host: alpha})).stdout).not.toContain('tls');
    expect((await area.megatest(['server', 'start'], {host: alpha})).code).toBe(0);
    const {port, tls} = recordOf(area);
    expect(tls.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    // The folder of M, as this host sees it.
    const folder = join(alpha.tmp, dirname(area.serverRecord().dbPath).slice('/tmp/'.length));
    expect(statSync(join(folder, 'tls.key')).mode & 0o777).toBe(0o600);

    const run = await area.megatest(['run', '-t', 'x', '-n', 'r'], {host: beta});
    expect(run).toMatchObject({code: 0});
    expect(area.serverRecord().host).toBe('alpha');

    const url = `${alpha.address}:${port}`;
    const token = JSON.parse((await area.megatest(['rpc', 'server.sessionToken'], {host: beta})).stdout) as {
      token: string;
    };
    const answered = await ask(
      area,
      beta,
      `for (const path of ['health', 'metrics']) console.log((await fetch('https://${url}/' + path)).status);
       const body = JSON.stringify({jsonrpc: '2.0', id: 1, method: 'runs.get', params: {runId: 1}});
       const headers = {authorization: 'Bearer ${token.token}'};
       const posted = await fetch('https://${url}/rpc', {method: 'POST', body, headers});
       console.log((await posted.json()).result.runName);`,
    );
    expect(answered).toMatchObject({code: 0, stdout: '200\n200\nr\n'});
    const plain = await ask(
      area,
      beta,
      `for (const path of ['health', 'rpc']) {
         console.log(await fetch('http://${url}/' + path).then(() => 'answered', () => 'refused'));
       }`,
    );
    expect(plain).toMatchObject({code: 0, stdout: 'refused\nrefused\n'});

    const shown = area.beside('shown.json');
    writeFileSync(shown, JSON.stringify(makeCertificate()));
    writeFileSync(area.beside('pretender.mjs'), pretender);
    const other = area.start(['node', area.beside('pretender.mjs'), shown], {host: alpha});
    await until(() => other.stdout().includes('port '));
    const otherPort = Number(/port (\d+)/.exec(other.stdout())?.[1]);
    const record = join(area.path, '.server');
    const text = readFileSync(record, 'utf8');
    writeFileSync(record, text.replace(`"port":${port}`, `"port":${otherPort}`));
    const refused = await area.megatest(['rpc', 'server.status'], {host: beta});
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(
      `whoever answers at ${alpha.address}:${otherPort} shows another certificate than the daemon of this area`,
    );
    await until(() => other.stdout().includes('gone'));
    expect(other.stdout()).not.toContain('got');
    writeFileSync(record, text);

    // The next daemon shows the same one.
    await area.megatest(['managers', 'stop'], {host: beta});
    expect((await area.megatest(['server', 'stop'], {host: beta})).code).toBe(0);
    expect((await area.megatest(['server', 'start'], {host: alpha})).code).toBe(0);
    expect(recordOf(area).tls).toEqual(tls);
    expect((await area.megatest(['rpc', 'server.status'], {host: beta})).code).toBe(0);
    await area.end();
  }, 120_000);
});

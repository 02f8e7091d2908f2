import {X509Certificate} from 'node:crypto';
import {chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {createTlsServer, keptCertificate} from './tls-server.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'megatest-tls-'));
});
afterEach(() => rmSync(folder, {recursive: true}));

describe('the certificate of a daemon', () => {
  it('is made once, for its owner only, and signed with its own key', async () => {
    const first = await createTlsServer(folder);
    expect(first.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(first.messages).toHaveLength(1);
    for (const name of ['tls.key', 'tls.crt']) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    const certificate = new X509Certificate(readFileSync(join(folder, 'tls.crt')));
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.validTo).toContain('9999');
    const again = await createTlsServer(folder);
    expect(again).toMatchObject({fingerprint: first.fingerprint, messages: []});
  });

  it.each([
    [
      'has a key that others could read',
      () => chmodSync(join(folder, 'tls.key'), 0o640),
      'readable for others',
    ],
    ['is damaged', () => writeFileSync(join(folder, 'tls.crt'), 'x'), 'cannot be read'],
    ['is not there any more', () => rmSync(join(folder, 'tls.crt')), 'cannot be read'],
  ])('that %s is replaced, with a warning', async (_, spoil, why) => {
    const {pair} = await keptCertificate(folder);
    spoil();
    const {pair: fresh, messages} = await keptCertificate(folder);
    expect(fresh.key).not.toBe(pair.key);
    expect(messages[0]).toContain(why);
    expect(messages[0]).toMatch(/^WARNING: /);
    expect(statSync(join(folder, 'tls.key')).mode & 0o777).toBe(0o600);
  });

  it('is not taken together with the key of another one', async () => {
    const {pair} = await keptCertificate(folder);
    rmSync(join(folder, 'tls.key'));
    const {pair: other} = await keptCertificate(folder);
    writeFileSync(join(folder, 'tls.crt'), pair.certificate);
    expect((await keptCertificate(folder)).pair.key).not.toBe(other.key);
  });
});

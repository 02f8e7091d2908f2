/** The daemon's port with `[server] tls yes`: only who speaks TLS is answered. The certificate is kept, so that it stays the same. */
import {createHash, createPrivateKey, X509Certificate} from 'node:crypto';
import {chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync} from 'node:fs';
import {createServer, type Server} from 'node:https';
import {join} from 'node:path';
import type {CertificatePair} from './certificate.ts';

/** A stranger that does not even get to talk is sent away. */
const handshakeTimeoutMs = 20_000;

export type TlsServerParts = {
  readonly server: Server;
  /** SHA-256 of the certificate, as hex. */
  readonly fingerprint: string;
  readonly messages: readonly string[];
};

export async function createTlsServer(folder: string): Promise<TlsServerParts> {
  const {pair, messages} = await keptCertificate(folder);
  const server = createServer({
    key: pair.key,
    cert: pair.certificate,
    minVersion: 'TLSv1.3',
    handshakeTimeout: handshakeTimeoutMs,
  });
  const {raw} = new X509Certificate(pair.certificate);
  return {server, fingerprint: createHash('sha256').update(raw).digest('hex'), messages};
}

/** That of the folder; a new one when there is none, or when it is of no use. */
export async function keptCertificate(
  folder: string,
): Promise<{readonly pair: CertificatePair; readonly messages: readonly string[]}> {
  const [keyFile, certificateFile] = [join(folder, 'tls.key'), join(folder, 'tls.crt')];
  const problem = existsSync(keyFile) ? problemOf(keyFile, certificateFile) : 'there is none';
  if (problem === undefined) {
    const pair = {key: readFileSync(keyFile, 'utf8'), certificate: readFileSync(certificateFile, 'utf8')};
    return {pair, messages: []};
  }
  const {makeCertificate} = await import('./certificate.ts');
  const pair = makeCertificate();
  writePrivate(keyFile, pair.key);
  writePrivate(certificateFile, pair.certificate);
  const level = problem === 'there is none' ? 'INFO' : 'WARNING';
  return {pair, messages: [`${level}: a new certificate was made in ${folder}: ${problem}`]};
}

function problemOf(keyFile: string, certificateFile: string): string | undefined {
  if ((statSync(keyFile).mode & 0o077) !== 0) {
    return 'the key of the old one was readable for others';
  }
  try {
    const certificate = new X509Certificate(readFileSync(certificateFile));
    const isPair = certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile)));
    return isPair ? undefined : 'the key is not that of the certificate';
  } catch (error) {
    return `the old one cannot be read: ${error instanceof Error ? error.message : error}`;
  }
}

function writePrivate(file: string, text: string): void {
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, text, {mode: 0o600});
  chmodSync(fresh, 0o600);
  renameSync(fresh, file);
}

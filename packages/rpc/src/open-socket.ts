/**
 * Opens the WebSocket to another end: on this host through an abstract socket; to another host over TCP, encrypted when the record of
 * the daemon names a certificate. Then nothing is sent before the other end has shown exactly that certificate (spec homehost.md 6.6).
 */
import {createHash} from 'node:crypto';
import {connect, type Socket} from 'node:net';
import type {TLSSocket} from 'node:tls';
import type {WebSocket} from 'ws';
import {PassingRefusal} from './passing-refusal.ts';
import {limits} from './peer.ts';
import type {Endpoint} from './rpc-client.ts';

export const connectTimeoutMs = 10_000;

export type OpenSocket = {
  readonly socket: WebSocket;
  /** What the socket writes to. */
  readonly stream: Socket | undefined;
};

export async function openSocket({address}: Endpoint): Promise<OpenSocket> {
  switch (address.kind) {
    case 'local':
      return await open('ws://localhost/rpc', () => connect({path: address.path, timeout: connectTimeoutMs}));
    case 'tcp': {
      const {host, port, fingerprint} = address;
      if (fingerprint === null) {
        return await open(`ws://${host}:${port}/rpc`);
      }
      const channel = await openTrusted(host, port, fingerprint);
      return await open(`wss://${host}:${port}/rpc`, () => channel);
    }
  }
}

async function open(url: string, createConnection?: () => Socket): Promise<OpenSocket> {
  // Many commands have a client and ask nothing.
  const {WebSocket} = await import('ws');
  const socket = new WebSocket(url, 'megatest.v1', {
    perMessageDeflate: false,
    maxPayload: limits.frame,
    handshakeTimeout: connectTimeoutMs,
    ...(createConnection === undefined ? {} : {createConnection}),
  });
  let stream: Socket | undefined;
  socket.once('upgrade', (response) => {
    stream = response.socket;
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
  return {socket, stream};
}

async function openTrusted(host: string, port: number, fingerprint: string): Promise<TLSSocket> {
  // Loaded when it is used: it takes longer than the rest of most calls.
  const channel = process.getBuiltinModule('node:tls').connect({
    host,
    port,
    minVersion: 'TLSv1.3',
    // No authority vouches for it: the certificate itself is the one that is expected, or it is not.
    rejectUnauthorized: false,
  });
  const limit = setTimeout(
    () => channel.destroy(new Error('the TLS handshake has timed out')),
    connectTimeoutMs,
  );
  try {
    await new Promise<void>((resolve, reject) => {
      channel.once('secureConnect', resolve);
      channel.once('error', reject);
      channel.once('close', () => reject(new Error('the connection was closed')));
    });
  } finally {
    clearTimeout(limit);
  }
  const shown = channel.getPeerX509Certificate()?.raw;
  if (shown === undefined || createHash('sha256').update(shown).digest('hex') !== fingerprint) {
    channel.destroy();
    throw new PassingRefusal(
      `whoever answers at ${host}:${port} shows another certificate than the daemon of this area: nothing was sent there`,
      {hint: 'the certificate is named in .server; somebody may stand between this host and the homehost'},
    );
  }
  return channel;
}

/** Asks whoever holds the socket of an area on this host whose daemon it is, without a login. */
import {connect, type Socket} from 'node:net';
import {WebSocket} from 'ws';
import {daemonSocket} from './discovery.ts';

const pingTimeoutMs = 10_000;

/** The area of whoever answers on the socket; `undefined` when nobody does in time. */
export async function pingedArea(areaPath: string): Promise<string | undefined> {
  const socket = new WebSocket('ws://localhost/rpc', 'megatest.v1', {
    handshakeTimeout: pingTimeoutMs,
    createConnection: (): Socket => connect({path: daemonSocket(areaPath)}),
  });
  return await new Promise((resolve) => {
    const limit = setTimeout(() => end(undefined), pingTimeoutMs);
    const end = (area: string | undefined) => {
      clearTimeout(limit);
      socket.terminate();
      resolve(area);
    };
    socket.once('error', () => end(undefined));
    socket.once('open', () =>
      socket.send('{"jsonrpc":"2.0","id":"ping","method":"server.ping","params":{}}'),
    );
    socket.once('message', (data) => {
      const {result} = JSON.parse(String(data)) as {result?: {area?: string}};
      end(result?.area ?? '?');
    });
  });
}

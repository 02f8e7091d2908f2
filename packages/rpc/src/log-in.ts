/**
 * The asking side of a login (spec homehost.md 8.2), and what it does when the other end speaks another version (6.8): an older one
 * is asked to leave, so that one of this program's version can take its place; a newer one is not for this program.
 */
import {hostname, userInfo} from 'node:os';
import {UserError} from '@megatest/model';
import type {ClientInfo} from './daemon-methods.ts';
import {isProof, makeChallenge, prove} from './login.ts';
import {PassingRefusal} from './passing-refusal.ts';
import {PROTOCOL, UPGRADE} from './protocol.ts';
import type {Endpoint, Welcome} from './rpc-client.ts';
import {RpcError} from './rpc-error.ts';

export type LoginRequest = {
  readonly clientId: string;
  readonly areaPath: string;
  readonly version: string;
  readonly kind: ClientInfo['kind'];
  readonly endpoint: Endpoint;
  /** What stands at the other end, in words, and the method that makes it leave; without one it is waited for. */
  readonly peer: {readonly name: string; readonly leaveBy?: 'server.shutdown' | 'manager.stop' | undefined};
  readonly describe: () => string;
};

type Ask = (method: string, params: unknown) => Promise<unknown>;

/** Throws when there is nobody to work with; after an older end was asked to leave, an ordinary error: try again. */
export async function logIn(ask: Ask, request: LoginRequest): Promise<Welcome> {
  try {
    return await logInAs(ask, request, PROTOCOL);
  } catch (error) {
    const found =
      error instanceof RpcError && error.kind === 'protocolMismatch' ? protocolOf(error) : undefined;
    if (found === undefined) {
      throw error;
    }
    const {name, leaveBy} = request.peer;
    const numbers = `it speaks protocol ${found}, this program ${PROTOCOL}`;
    if (found > PROTOCOL) {
      throw new PassingRefusal(`${name} of ${request.areaPath} is of a newer version: ${numbers}`, {
        hint: 'use the megatest that the others use here',
      });
    }
    if (leaveBy === undefined) {
      throw new Error(`${name} is of an older version: ${numbers}`);
    }
    if (request.endpoint.key.name !== 'rw') {
      throw new PassingRefusal(`${name} of ${request.areaPath} is of an older version: ${numbers}`, {
        hint: 'your key only lets you look; the first newer command of somebody who may write the area takes its place',
      });
    }
    await logInAs(ask, request, found);
    await ask(leaveBy, {reason: UPGRADE});
    throw new Error(`${name} is of an older version and leaves`);
  }
}

function protocolOf(error: RpcError): number | undefined {
  const {server} = (error.data ?? {}) as {readonly server?: unknown};
  return typeof server === 'number' && server !== PROTOCOL ? server : undefined;
}

async function logInAs(ask: Ask, request: LoginRequest, protocol: number): Promise<Welcome> {
  const {clientId, areaPath, version, kind, endpoint} = request;
  const challenge = makeChallenge();
  const client: ClientInfo = {
    clientId,
    host: hostname(),
    pid: process.pid,
    user: userInfo().username,
    kind,
  };
  const hello = (await ask('server.hello', {area: areaPath, protocol, version, client, challenge})) as {
    readonly serverId: string;
    readonly challenge: string;
  };
  const terms = {
    serverId: hello.serverId,
    serverChallenge: hello.challenge,
    clientChallenge: challenge,
    clientId,
    fingerprint: '-',
  };
  const {name, key} = endpoint.key;
  const welcome = (await ask('server.login', {
    keyName: name,
    response: prove('client', key, terms),
  })) as Welcome & {readonly proof: string};
  if (!isProof(welcome.proof, 'daemon', key, terms)) {
    throw new UserError("whoever answers on the daemon's address does not know the key of this area", {
      hint: request.describe(),
    });
  }
  return {...welcome, serverId: hello.serverId};
}

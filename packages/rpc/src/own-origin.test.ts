import type {IncomingMessage} from 'node:http';
import {hostname} from 'node:os';
import {expect, it} from 'vitest';
import {ownAddress} from './discovery.ts';
import {OwnOrigin} from './own-origin.ts';

const own = new OwnOrigin(['Proxy.example']);

function refusal(
  headers: {readonly host?: string; readonly origin?: string},
  {mustName = false, encrypted = false} = {},
) {
  const request = {headers, socket: encrypted ? {encrypted} : {}} as unknown as IncomingMessage;
  return own.refusalOfPage(request, mustName);
}

it.each([
  ['localhost:40000', undefined],
  ['127.0.0.1', undefined],
  ['[::1]:40000', undefined],
  [`${hostname()}:1`, undefined],
  [ownAddress(), undefined],
  ['proxy.example', undefined],
  ['evil.example', 421],
  ['localhost.evil.example', 421],
  ['localhost:1@evil.example', 421],
  ['', 421],
])('a request to %j: %s', (host, status) => {
  expect(refusal({host})).toBe(status);
});

it('a request to nobody is refused', () => {
  expect(refusal({})).toBe(421);
});

it.each([
  ['http://localhost:1', {}, undefined],
  ['https://localhost:1', {}, undefined],
  ['https://localhost:1', {encrypted: true}, undefined],
  ['http://localhost:1', {encrypted: true}, 403],
  ['http://localhost:2', {}, 403],
  ['http://evil.example', {}, 403],
  ['null', {}, 403],
] as const)('a page of %s, %j: %s', (origin, how, status) => {
  expect(refusal({host: 'localhost:1', origin}, how)).toBe(status);
});

it('only who must name an origin is refused without one', () => {
  expect(refusal({host: 'localhost'})).toBeUndefined();
  expect(refusal({host: 'localhost'}, {mustName: true})).toBe(403);
});

it('a program may know this host by any name, a browser may not', () => {
  const call = (headers: IncomingMessage['headers'], hasSession: boolean) =>
    own.refusalOfCall({headers, socket: {}} as unknown as IncomingMessage, hasSession);
  expect(call({host: 'alias.example'}, false)).toBeUndefined();
  expect(call({host: 'alias.example', origin: 'http://alias.example'}, false)).toBe(421);
  expect(call({host: 'alias.example'}, true)).toBe(421);
  expect(call({host: 'localhost'}, true)).toBe(403);
  expect(call({host: 'localhost', origin: 'http://localhost'}, true)).toBeUndefined();
});

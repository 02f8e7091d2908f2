import {expect, it} from 'vitest';
import {isOwnPath, parseBasePath, withoutBasePath} from './base-path.ts';

it.each([
  ['/', ''],
  ['', ''],
  ['/tools/mt/', '/tools/mt'],
  ['tools', undefined],
  ['/a;Domain=b', undefined],
  ['/a b', undefined],
  ['//host', undefined],
])('base path %j is %j', (text, path) => {
  expect(parseBasePath(text)).toBe(path);
});

it.each([
  ['/mt/session', '/session'],
  ['/session', '/session'],
  ['/mtx/session', '/mtx/session'],
])('%s below /mt is %s', (url, path) => {
  expect(withoutBasePath(url, '/mt')).toBe(path);
});

it.each([
  ['/', true],
  ['/runs?q=a%2Fb#L1', true],
  ['runs', false],
  ['//evil.example', false],
  ['/\\evil.example', false],
  ['/\t/evil.example', false],
  ['https://evil.example', false],
])('%j leads to a page of the own origin: %s', (path, isOwn) => {
  expect(isOwnPath(path)).toBe(isOwn);
});

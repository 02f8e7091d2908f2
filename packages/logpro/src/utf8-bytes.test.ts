import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {bytesOf, charactersOf, readable} from './utf8-bytes.ts';

describe('bytes and characters', () => {
  it('any bytes come back from their characters', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (array) => {
        const bytes = Buffer.from(array).toString('latin1');
        expect(bytesOf(charactersOf(bytes))).toBe(bytes);
      }),
    );
  });

  it('a UTF-8 sequence is one character', () => {
    expect(charactersOf('\xc3\xa9')).toBe('é');
    expect([...charactersOf('\xf0\x9f\x98\x80')]).toHaveLength(1);
  });

  it('what is read by people has replacement characters', () => {
    expect(readable({a: ['\xc3\xa9', '\xff', 1], b: undefined})).toEqual({
      a: ['é', '\ufffd', 1],
      b: undefined,
    });
  });
});

import {Writable} from 'node:stream';
import {expect, it} from 'vitest';
import {SendTogether} from './send-together.ts';

/** Remembers what each write to the system would have held. */
function recorder(): {readonly stream: Writable; readonly writes: string[]} {
  const writes: string[] = [];
  const stream = new Writable({
    writev(chunks, done) {
      writes.push(chunks.map(({chunk}) => String(chunk)).join(''));
      done();
    },
    write(chunk, _, done) {
      writes.push(String(chunk));
      done();
    },
  });
  return {stream, writes};
}

it('the first frame of a turn goes out at once and the rest of them in one write', async () => {
  const {stream, writes} = recorder();
  const together = new SendTogether(stream);
  const send = (text: string) => {
    together.hold();
    stream.write(text);
  };
  setImmediate(() => {
    send('a');
    send('b');
    send('c');
    setImmediate(() => send('d'));
  });
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(writes).toEqual(['a', 'bc', 'd']);
});

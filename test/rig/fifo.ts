/**
 * A named pipe that the test reads or writes without ever blocking: how steered commands talk to their test. Pipes are
 * files, so they work from any network namespace on this machine.
 */
import {execFileSync} from 'node:child_process';
import {closeSync, constants, openSync, writeSync} from 'node:fs';
import {Socket} from 'node:net';

/** Makes the pipe and calls `onLine` for every line that arrives, whoever writes it. */
export function readFifo(path: string, onLine: (line: string) => void): Disposable {
  execFileSync('mkfifo', ['-m', '666', path]);
  // Read and write: the test itself keeps the pipe open, so it never sees an end when a writer leaves.
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const socket = new Socket({fd, readable: true, writable: false});
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      onLine(line);
    }
  });
  return {
    [Symbol.dispose]() {
      socket.destroy();
    },
  };
}

/** Writes one line to a pipe that a steered command has made and reads. */
export function writeFifo(path: string, line: string): void {
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  writeSync(fd, `${line}\n`);
  closeSync(fd);
}

/**
 * `-execute`: what a launcher starts on the test's host. It hands the test over to the manager there and stays until the test has
 * ended, so that a batch job lives as long as its test (spec execution.md 10, homehost.md 1.11).
 */
import {type ChildProcess, spawn} from 'node:child_process';
import {existsSync, fstatSync, readlinkSync} from 'node:fs';
import {decodeCommandInfo} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {makeManagerClient, ProgramFile, startManager} from '@megatest/rpc';
import type {Messages} from '../messages.ts';
import {bundlePath} from '../programs.ts';
import {environment} from '../session.ts';

const areaChecks = 12;
const areaPauseMs = 10_000;

export async function execute(encoded: string, messages: Messages): Promise<number> {
  const info = decodeCommandInfo(encoded);
  const area = {path: info.toppath, name: info.areaname};
  await waitFor(area.path, messages);
  await waitFor(info['work-area'], messages);
  const program = new ProgramFile();
  let replace: (code: number) => void = () => {};
  const replaced = new Promise<number>((resolve) => {
    replace = resolve;
  });
  let successor: ChildProcess | undefined;
  const manager = makeManagerClient({
    area,
    giveUpS: undefined,
    onPassingRefusal: ({message}) => {
      if (program.isReplaced && successor === undefined) {
        messages.info(0, `${message}; the program that stands here now goes on`);
        successor = spawn(process.execPath, [program.path, '-execute', encoded], {stdio: 'inherit'});
        successor.once('exit', (code) => replace(code ?? 1));
      }
    },
    start: () => startManager(bundlePath('manager'), area, undefined),
  });
  const launchId = info['launch-id'];
  let signalled: number | undefined;
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      messages.print(`Received signal ${signal}, ending the test\n`);
      signalled = code;
      if (successor !== undefined) {
        successor.kill(signal);
        return;
      }
      void manager.call('execute.interrupt', {launchId, signal});
    });
  }
  const handedOver = manager
    .call('execute.handOver', {
      cmdinfo: encoded,
      env: {...environment(), MT_CMDINFO: encoded},
      cwd: process.cwd(),
      umask: process.umask(),
      output: outputFile(),
    })
    .then(({exitCode}) => exitCode);
  const exitCode = await Promise.race([handedOver, replaced]);
  // What is asked in vain when the manager is of another version ends with the client.
  handedOver.catch(() => {});
  manager.close();
  return signalled ?? exitCode;
}

/** Where standard output goes, when that is a file: the log of nbfake or of a batch system. */
function outputFile(): string | null {
  try {
    return fstatSync(1).isFile() ? readlinkSync('/proc/self/fd/1') : null;
  } catch {
    return null;
  }
}

/** A network disk may show a new directory late. */
async function waitFor(path: string, messages: Messages): Promise<void> {
  for (let check = 1; !existsSync(path); check += 1) {
    if (check >= areaChecks) {
      throw new UserError(`${path} does not exist on this host`, {
        hint: 'are the disks of the area mounted here?',
        exitCode: 1,
      });
    }
    messages.info(0, `waiting for ${path} to appear`);
    await new Promise((resolve) => setTimeout(resolve, areaPauseMs));
  }
}

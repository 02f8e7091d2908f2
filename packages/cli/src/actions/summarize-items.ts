/** `-summarize-items`: the page of all items of the test that calls it (spec execution.md 20.2). */
import {loadArea} from '@megatest/config';
import {type CommandInfo, parentDirectory, rollUpWorld, updateRollUpPage} from '@megatest/manager';
import {type DaemonClient, PROGRAM_VERSION} from '@megatest/rpc';
import {environment} from '../session.ts';
import type {HelperMessages} from './helper-call.ts';

export async function summarizeItems(
  info: CommandInfo,
  daemon: DaemonClient,
  messages: HelperMessages,
): Promise<void> {
  const env = environment();
  const testName = info['test-name'];
  const area = loadArea(info.toppath, {
    env,
    cwd: info.toppath,
    target: info.target,
    runName: info.runname,
    caches: {version: PROGRAM_VERSION, isSwitchedOff: false},
  });
  const command = area.config.get('testrollup', testName);
  const test = {runId: info['run-id'], testName, directory: parentDirectory(info), command, env};
  const world = rollUpWorld(
    daemon,
    (text) => messages.print(`${text}\n`),
    (text) => messages.say(0, text),
  );
  await updateRollUpPage(test, true, world);
}

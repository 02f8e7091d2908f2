/** Helper calls that talk to the daemon themselves: where no manager is, and for what a manager does not do. */
import {randomUUID} from 'node:crypto';
import {type CommandInfo, itemPathOf, waivedEntries} from '@megatest/manager';
import {type DaemonClient, decideHomehost, makeDaemonClient, type ReportEntry} from '@megatest/rpc';
import {environment} from '../session.ts';
import type {HelperMessages} from './helper-call.ts';
import {limitS} from './helper-patience.ts';

/** Does something with the daemon, which is waited for as long as helper calls wait. */
export async function withDaemon(
  info: CommandInfo,
  ask: (daemon: DaemonClient) => Promise<void>,
): Promise<void> {
  const daemon = makeDaemonClient({
    areaPath: info.toppath,
    homehost: decideHomehost(info.toppath, undefined),
    kind: 'test',
    giveUpS: limitS(),
  });
  try {
    await ask(daemon);
  } finally {
    daemon.close();
  }
}

/** Without a manager: what it would do with the entries is done here. */
export async function sendAlone(
  info: CommandInfo,
  entries: readonly ReportEntry[],
  messages: HelperMessages,
): Promise<void> {
  await withDaemon(info, async (daemon) => {
    const test = {runId: info['run-id'], testName: info['test-name'], itemPath: itemPathOf(info)};
    const judged = await waivedEntries(
      entries,
      info,
      environment(),
      async () => await daemon.call('tests.previous', test),
      (text) => messages.say(0, text),
    );
    const numbered = judged.map((entry, index) => ({seq: index + 1, entry}));
    await daemon.call('manager.report', {journalId: randomUUID(), entries: numbered});
  });
}

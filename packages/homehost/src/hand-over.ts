/** What a daemon that lost its area does with the results that are not in T: the daemon that has the area now takes them in. */
import {hostname} from 'node:os';
import {join} from 'node:path';
import {handOverRows, makeDaemonClient, readServerRecord} from '@megatest/rpc';
import {importableRows} from '@megatest/store';

/** The rest of the orderly end needs time too. */
const patienceS = 8;

export type HandOver = {
  readonly areaPath: string;
  /** The id of the daemon that has the lease. */
  readonly owner: string;
  /** A copy of everything that is known here. */
  readonly copy: string;
  readonly sinceS: number;
};

/** Says in words what became of them. */
export async function handOverTo({areaPath, owner, copy, sinceS}: HandOver): Promise<string> {
  const record = readServerRecord(areaPath);
  // On this host it would be this very process that answers.
  if (record?.serverId !== owner || record.host === hostname()) {
    return 'the other one could not be told';
  }
  const client = makeDaemonClient({
    areaPath,
    homehost: {name: record.host, isHere: false, file: join(areaPath, '.homehost')},
    kind: 'cli',
    giveUpS: patienceS,
  });
  try {
    const {taken, older} = await handOverRows(client, importableRows(copy, sinceS));
    const kept = older === 0 ? '' : `, and has later versions of ${older}`;
    return `the other one, on ${record.host}, has taken ${taken} rows of it${kept}`;
  } catch (error) {
    return `the other one, on ${record.host}, did not take it: ${error instanceof Error ? error.message : error}`;
  } finally {
    client.close();
  }
}

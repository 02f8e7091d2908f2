/** The daemon as `megatest doctor` sees it: what it says of itself, whether its clock is this host's, and its files while there is none. */
import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {spaceRequiredKiB} from '@megatest/manager';
import {
  clockSkewLimitMs,
  type Finding,
  fine,
  mayBeAlive,
  printSkew,
  problem,
  RpcError,
  readKey,
  readServerRecord,
  spaceFinding,
  type Welcome,
  warning,
} from '@megatest/rpc';
import {quickCheck, workingDirectory} from '@megatest/store';
import type {Session} from '../session.ts';
import {within} from './within.ts';

/** Longer than the daemon waits for its managers. */
const daemonLimitMs = 60_000;

export async function examineDaemon(session: Session): Promise<readonly Finding[]> {
  const {path} = session.area;
  const record = readServerRecord(path);
  if (record === undefined || !mayBeAlive(path, record)) {
    const left =
      record === undefined
        ? ''
        : `; .server still names one on ${record.host}, pid ${record.pid}, that shows no sign of life`;
    return [fine('daemon', `not running; it is started when it is needed${left}`), ...examineFiles(session)];
  }
  const place = `${record.host}, pid ${record.pid}`;
  if (readKey(path) === undefined) {
    return [
      problem(
        'daemon',
        `it runs on ${record.host}, but you may not talk to it`,
        'you need read access to .server.key or .server.ro.key of the area',
      ),
    ];
  }
  let clock: Finding | undefined;
  const client = session.connectDaemon({
    mayStart: false,
    onConnected: (welcome) => {
      clock = compareClock(welcome, record.host);
    },
  });
  try {
    const found = await within(daemonLimitMs, client.call('server.doctor', {}));
    const silent = problem(
      'daemon',
      `the one on ${place} has not answered for ${daemonLimitMs / 1000} seconds`,
      `look at that process and its log in ${join(path, 'logs')}; if it hangs, end it: nothing is lost by that`,
    );
    const isElsewhere = !session.homehost.isHere;
    return [...(found ?? [silent]), ...(isElsewhere && clock !== undefined ? [clock] : [])];
  } catch (error) {
    if (error instanceof RpcError && error.kind === 'methodNotFound') {
      const text = `the one on ${place} is of an older version`;
      return [warning('daemon', text, 'megatest server stop; the next command starts one of this version')];
    }
    const text = error instanceof Error ? error.message : String(error);
    return [
      problem('daemon', `the one on ${place}: ${text}`, `see its log in ${join(path, 'logs')}`),
      ...examineFiles(session),
    ];
  } finally {
    client.close();
  }
}

/** The time of the homehost was taken a moment ago, in the answer to the login. */
function compareClock({serverTimeMs}: Welcome, host: string): Finding {
  const skewMs = Date.now() - serverTimeMs;
  return Math.abs(skewMs) > clockSkewLimitMs
    ? warning(
        'clock of the homehost',
        `the clock of this host is ${printSkew(skewMs)} that of ${host}`,
        'set the clocks of both by the same time server (NTP)',
      )
    : fine('clock of the homehost', 'as that of this host');
}

/** While no daemon looks after them. */
function examineFiles(session: Session): readonly Finding[] {
  const {area, homehost} = session;
  const working = join(workingDirectory(area), 'megatest.db');
  const files = [join(area.path, 'megatest.db'), working].filter((file) => existsSync(file));
  const wrong = files.flatMap((file) => {
    const said = quickCheck(file);
    return said === undefined
      ? []
      : [
          problem(
            'database',
            `${file}: ${said}`,
            'start the daemon: it sets a damaged file aside and takes the other one',
          ),
        ];
  });
  const sound = fine('database', files.length === 0 ? 'nothing has run yet' : `${files.join(', ')}: sound`);
  const space = () =>
    spaceFinding('database space', dirname(working), spaceRequiredKiB(area), '[setup] dbdir-space-required');
  return [...(wrong.length === 0 ? [sound] : wrong), ...(homehost.isHere ? [space()] : [])];
}

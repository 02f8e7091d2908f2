/**
 * The daemon's part of `megatest doctor` (spec homehost.md 9.1): how it does itself, whether its databases are sound and have room, who
 * may use its keys, whether its managers are there. The managers of other hosts and users are asked what they find there.
 */
import {accessSync, constants, existsSync, statSync} from 'node:fs';
import {hostname} from 'node:os';
import {dirname, join} from 'node:path';
import {
  type Connected,
  diskClockFinding,
  type Finding,
  fileServerNowMs,
  fine,
  heartbeatLimitMs,
  type KeyName,
  keyFile,
  keyMode,
  limits,
  problem,
  RpcError,
  readServerRecord,
  type ServerStatus,
  spaceFinding,
  viewerKeyMode,
  warning,
} from '@megatest/rpc';
import {checkInThread} from './check-thread.ts';
import {ask, type Manager, type Managers} from './managers.ts';

export type DoctorOptions = {
  readonly areaPath: string;
  readonly spaceRequiredKiB: number;
  /** M and T. */
  readonly working: string;
  readonly areaFile: string;
  readonly workerPath: string;
  readonly managers: Managers;
  readonly status: () => ServerStatus;
  /** Why the last flush into T failed. */
  readonly syncProblem: () => string | undefined;
};

/** T may be so far behind without anybody being told. */
const lagLimitS = 5;
/** Longer than a manager may take to try all of its hosts. */
const managerLimitMs = 45_000;
const mib = 1024 * 1024;
/** What SQLite says of a file that somebody else keeps to himself. */
const lockedText = 'database is locked';
const clockCheck = 'disk of the homehost';
const damaged = 'stop the daemon and start it again: it sets a damaged file aside and takes the other one';

export class Doctor {
  readonly #options: DoctorOptions;
  /** Under way: who asks meanwhile gets the same answer. */
  #own: Promise<readonly Finding[]> | undefined;

  constructor(options: DoctorOptions) {
    this.#options = options;
  }

  async examine({client, role}: Connected): Promise<readonly Finding[]> {
    this.#own ??= this.#examineOwn().finally(() => {
      this.#own = undefined;
    });
    // The manager beside the caller would only find what the caller finds itself; a viewer makes nobody do anything.
    const others =
      role === 'operator'
        ? this.#options.managers.all().filter(({host, user}) => host !== client.host || user !== client.user)
        : [];
    const [own, ...told] = await Promise.all([this.#own, ...others.map(askManager)]);
    // Who asks from this host sees the disk of the area as this daemon does.
    const isHere = client.host === hostname();
    return [...own.filter(({check}) => !(isHere && check === clockCheck)), ...told.flat()];
  }

  async #examineOwn(): Promise<readonly Finding[]> {
    const {areaPath, working, spaceRequiredKiB} = this.#options;
    const checks: readonly (readonly [string, () => Finding | readonly Finding[] | Promise<Finding>])[] = [
      ['daemon', () => this.#daemon()],
      ['record', () => this.#record()],
      ['key files', () => this.#keys()],
      ['managers', () => this.#managers()],
      ['database', async () => await this.#workingDatabase()],
      [
        'database space',
        () =>
          spaceFinding('database space', dirname(working), spaceRequiredKiB, '[setup] dbdir-space-required'),
      ],
      ['megatest.db', async () => await this.#areaDatabase()],
      [clockCheck, () => diskClockFinding(areaPath, clockCheck)],
    ];
    const found: Finding[] = [];
    for (const [name, check] of checks) {
      try {
        found.push(...[await check()].flat());
      } catch (error) {
        // Such as a file that somebody has just removed.
        const text = error instanceof Error ? error.message : String(error);
        found.push(problem(name, text, 'ask again; the log of the daemon may say more'));
      }
    }
    return found;
  }

  #daemon(): Finding {
    const {version, host, pid, clients, unanswered} = this.#options.status();
    const text = `version ${version} on ${host}, pid ${pid}, ${counted(clients.length, 'connection')}, ${counted(unanswered, 'request')} unanswered`;
    return unanswered > limits.queueOfAll / 2
      ? warning(
          'daemon',
          text,
          `from ${limits.queueOfAll} on others are turned away: see "megatest server status" for who asks so much`,
        )
      : fine('daemon', text);
  }

  /** Whether others find this daemon, and take it for alive. */
  #record(): Finding {
    const {areaPath, status} = this.#options;
    const file = join(areaPath, '.server');
    const record = readServerRecord(areaPath);
    if (record?.serverId !== status().serverId) {
      return problem(
        'record',
        record === undefined
          ? `${file} is gone`
          : `${file} names the daemon with pid ${record.pid} on ${record.host}`,
        'it is written again within seconds if the area can be written; if another daemon stands in it, stop that one or this one',
      );
    }
    const ageMs = fileServerNowMs(areaPath) - statSync(file).mtimeMs;
    return ageMs > heartbeatLimitMs
      ? problem(
          'record',
          `${file} was last touched ${Math.round(ageMs / 1000)} seconds ago: other hosts take the daemon for dead`,
          'the daemon must be able to write the area: look at its disk',
        )
      : fine('record', `${file}, touched within the last ${heartbeatLimitMs / 1000} seconds`);
  }

  #keys(): Finding {
    const {areaPath, areaFile} = this.#options;
    const wanted: readonly (readonly [KeyName, number])[] = [
      ['rw', keyMode(areaPath)],
      ['ro', viewerKeyMode(areaFile)],
    ];
    const restart = 'stop the daemon and start it again';
    for (const [name, mode] of wanted) {
      const file = keyFile(areaPath, name);
      const found = existsSync(file) ? statSync(file).mode & 0o777 : undefined;
      if (found === undefined) {
        return problem(
          'key files',
          `${file} is gone: nobody can log in with it`,
          `${restart}: it makes a new one`,
        );
      }
      if ((found & ~mode) !== 0) {
        return problem(
          'key files',
          `${file} has mode ${octal(found)}, which lets more users in than ${octal(mode)} would`,
          `${restart}: it makes a new key, as somebody may have read this one`,
        );
      }
      if (found !== mode) {
        return warning(
          'key files',
          `${file} has mode ${octal(found)}: not all who may use the area can use it`,
          `chmod ${octal(mode)} ${file}`,
        );
      }
    }
    return fine('key files', wanted.map(([name, mode]) => `${name} ${octal(mode)}`).join(', '));
  }

  #managers(): readonly Finding[] {
    const {managers, status} = this.#options;
    const advice = (place: string) =>
      `give "megatest doctor" as ${place}: it starts a manager, which takes over what is left there`;
    const lost = managers.lost().map(({host, user, tests, goneS, isLost}) => {
      const text = `the manager of ${user} on ${host} has been silent for ${goneS} seconds and has ${counted(tests, 'test')}`;
      const fix = advice(`${user} on ${host}`);
      return isLost ? problem('managers', text, fix) : warning('managers', text, fix);
    });
    const missing = status().drivers.flatMap(({target, runName, waitsFor}) =>
      waitsFor === null
        ? []
        : [
            problem(
              'managers',
              `run ${target}/${runName} waits for ${waitsFor}`,
              `give "megatest doctor" there as that user: it starts a manager, and the run goes on`,
            ),
          ],
    );
    const names = managers.all().map(({host, user}) => `${user} on ${host}`);
    const connected =
      names.length === 0 ? 'none is connected' : `${names.length} connected: ${names.join(', ')}`;
    return [fine('managers', connected), ...lost, ...missing];
  }

  async #workingDatabase(): Promise<Finding> {
    const {working, workerPath} = this.#options;
    const wrong = await checkInThread(workerPath, working);
    return wrong === undefined
      ? fine('database', `${working}, ${printSize(working)}, is sound`)
      : problem('database', `${working}: ${wrong}`, damaged);
  }

  async #areaDatabase(): Promise<Finding> {
    const {areaFile, working, workerPath, syncProblem, status} = this.#options;
    const check = 'megatest.db';
    const {lagS} = status().sync;
    const wrong = await checkInThread(workerPath, areaFile);
    if (wrong === lockedText) {
      return warning(check, `${areaFile} is locked by somebody`, 'end what holds it: results wait for it');
    }
    // A file that is damaged cannot be written either, and that is the less of what is to be said.
    if (wrong !== undefined) {
      return problem(check, `${areaFile}: ${wrong}`, damaged);
    }
    const failure = syncProblem() ?? writeProblem(areaFile);
    if (failure !== undefined) {
      return problem(
        check,
        `${areaFile} is ${lagS} seconds behind and cannot be written: ${failure}`,
        `unless that says what to do, make the file writable and its disk roomy; meanwhile ${working} has all results`,
      );
    }
    const text = `${areaFile}, ${printSize(areaFile)}, is sound and ${lagS} seconds behind`;
    return lagS > lagLimitS
      ? warning(check, text, 'the disk of the area is slow, or somebody holds a lock on the file')
      : fine(check, text);
  }
}

/** What a manager finds on its host, under names that tell the host. */
async function askManager(manager: Manager): Promise<readonly Finding[]> {
  const place = `${manager.user} on ${manager.host}`;
  const name = `manager of ${place}`;
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<readonly Finding[]>((resolve) => {
    const text = `it is connected and has not answered for ${managerLimitMs / 1000} seconds`;
    const fix = `look at process ${manager.pid} on ${manager.host}; when it is ended the next one takes its tests over`;
    timer = setTimeout(() => resolve([problem(name, text, fix)]), managerLimitMs);
  });
  try {
    const found = ask(manager, 'manager.doctor', {}).then((findings) =>
      findings.map((finding) => ({...finding, check: `${finding.check} (${place})`})),
    );
    return await Promise.race([found, tooLong]);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return error instanceof RpcError && error.kind === 'methodNotFound'
      ? [warning(name, 'it is of an older version', `on ${manager.host}: megatest managers stop`)]
      : [problem(name, text, 'ask again; see its log on that host')];
  } finally {
    clearTimeout(timer);
  }
}

/** T is replaced and has its journal beside it, so its folder must be writable too. */
function writeProblem(file: string): string | undefined {
  try {
    for (const path of [dirname(file), file]) {
      accessSync(path, constants.W_OK);
    }
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function printSize(file: string): string {
  const bytes = ['', '-wal']
    .map((suffix) => statSync(file + suffix, {throwIfNoEntry: false})?.size ?? 0)
    .reduce((sum, size) => sum + size);
  return `${(bytes / mib).toFixed(1)} MiB`;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

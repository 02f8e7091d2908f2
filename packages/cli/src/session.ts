/**
 * One command's view of its area: the config read once, and the ways to results, daemon and manager, each opened when it is first
 * needed and closed with the session.
 */
import {type Area, findArea, loadArea} from '@megatest/config';
import {UserError} from '@megatest/model';
import {
  type AreaResults,
  type DaemonClient,
  type DaemonClientOptions,
  decideHomehost,
  type Homehost,
  type ManagerClient,
  makeDaemonClient,
  makeManagerClient,
  openResults,
  PROGRAM_VERSION,
  refuseStart,
  startDaemon,
  startManager,
  startMessages,
} from '@megatest/rpc';
import type {Messages} from './messages.ts';
import {bundlePath, megatestPath} from './programs.ts';

export type SessionOptions = {
  readonly messages: Messages;
  /** A directory to start from instead of `MT_RUN_AREA_HOME` and the current one. */
  readonly areaDirectory?: string | undefined;
  readonly configName?: string | undefined;
  readonly appendConfig?: string | undefined;
  readonly target?: string | undefined;
  readonly runName?: string | undefined;
  readonly commandLine?: ReadonlyMap<string, string> | undefined;
  /** `-no-cache`. */
  readonly noCache?: boolean | undefined;
};

/** How long a command looks for a daemon or a manager before it gives up. */
const giveUpS = 180;
const defaultMarginS = 10;

export class Session implements Disposable {
  readonly area: Area;
  readonly messages: Messages;
  /** What reading the config had to say. */
  readonly saidWhileReading: ReadonlySet<string>;
  #homehost: Homehost | undefined;
  #daemon: DaemonClient | undefined;
  #manager: ManagerClient | undefined;
  #results: AreaResults | undefined;

  private constructor(area: Area, messages: Messages, saidWhileReading: ReadonlySet<string>) {
    this.saidWhileReading = saidWhileReading;
    this.area = area;
    this.messages = messages;
  }

  static open(options: SessionOptions): Session {
    const {messages, areaDirectory, configName, appendConfig, target, runName, commandLine, noCache} =
      options;
    const env = environment();
    const cwd = areaDirectory ?? process.cwd();
    if (areaDirectory !== undefined) {
      delete env.MT_RUN_AREA_HOME;
    }
    const said = new Set<string>();
    const path = findArea(env, cwd, configName);
    const area = loadArea(path, {
      env,
      cwd,
      say: (level, text) => {
        said.add(text);
        messages.say(level, text);
      },
      caches: {version: PROGRAM_VERSION, isSwitchedOff: noCache === true},
      ...(configName === undefined ? {} : {configName}),
      ...(appendConfig === undefined ? {} : {appendConfig}),
      ...(target === undefined ? {} : {target}),
      ...(runName === undefined ? {} : {runName}),
      ...(commandLine === undefined ? {} : {commandLine}),
    });
    return new Session(area, messages, said);
  }

  get keys(): readonly string[] {
    return this.area.keys.map((key) => key.name);
  }

  get homehost(): Homehost {
    this.#homehost ??= decideHomehost(this.area.path, this.area.config.get('server', 'homehost'));
    return this.#homehost;
  }

  /** The daemon's client; a daemon is started when there is none. */
  get daemon(): DaemonClient {
    this.#daemon ??= this.connectDaemon({});
    return this.#daemon;
  }

  /** A client of its own, for who wants the daemon's notifications or must not start one. */
  connectDaemon(
    options: Pick<DaemonClientOptions, 'onNotification' | 'onConnected' | 'onGivenUp'> & {
      readonly mayStart?: boolean;
    },
  ): DaemonClient {
    const {path, name} = this.area;
    const {homehost} = this;
    const {mayStart = true, ...events} = options;
    let isUnreachable = false;
    return makeDaemonClient({
      areaPath: path,
      homehost,
      kind: 'cli',
      giveUpS: Number(process.env.MT_RPC_GIVEUP ?? giveUpS),
      describeStart: () => startMessages(path),
      replacesOlder: true,
      warn: (text) => this.messages.say(0, `WARNING: ${text}`),
      ...(mayStart
        ? {
            startDaemon: async () => {
              refuseStart(path);
              // A test goes on trying: its link may be cut for some minutes.
              if (isUnreachable && process.env.MT_CMDINFO === undefined) {
                throw unreachable(homehost, path);
              }
              startDaemon({
                areaPath: path,
                areaName: name,
                homehost,
                executable: megatestPath(),
                onUnreachable: () => {
                  isUnreachable = true;
                },
              });
            },
          }
        : {}),
      ...events,
    });
  }

  /** The manager of this host and user; one is started when there is none, also when it is lost meanwhile. */
  get manager(): ManagerClient {
    const {path, name, config} = this.area;
    this.#manager ??= makeManagerClient({
      area: {path, name},
      giveUpS,
      start: () => startManager(bundlePath('manager'), {path, name}, config.get('server', 'homehost')),
    });
    return this.#manager;
  }

  /** Results as they are now (`exact`), or off the homehost from the cache behind a barrier. */
  async results(freshness: 'exact' | 'barrier'): Promise<AreaResults> {
    const {path, name, config} = this.area;
    this.#results ??= await openResults({
      area: {path, name},
      homehost: this.homehost,
      keys: this.keys,
      daemon: () => this.daemon,
      marginS: Number(config.get('sync', 'margin') ?? defaultMarginS),
      freshness,
    });
    return this.#results;
  }

  [Symbol.dispose](): void {
    this.#results?.[Symbol.dispose]();
    this.#daemon?.close();
    this.#manager?.close();
  }
}

/** This process's environment, without what is not set. */
export function environment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** Trying again would not help: whoever is not reached by ssh cannot be made to start a daemon. */
function unreachable(homehost: Homehost, areaPath: string): UserError {
  const said = startMessages(areaPath).replace(/^/gm, '    ');
  return new UserError(
    `the homehost ${homehost.name} cannot be reached by ssh, and no daemon is running there; the start said:\n${said}`,
    {hint: `${homehost.file} names it; remove that file to move the area to another host`, exitCode: 1},
  );
}

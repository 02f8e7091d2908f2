/**
 * Which launches this manager has and how far each has come, on disk, so that the next manager of this host takes up exactly
 * those. An order is answered only once it stands here.
 *
 * A launch is `ordered` (nothing has been started), `sent` (a launcher command is at work), `accepted` (the command has ended well: the
 * test comes by itself) or `queued` (a batch system has it), `running` (its steps run under this manager), and it is forgotten
 * when it has `ended`.
 */
import {closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync} from 'node:fs';
import type {Launch} from '@megatest/rpc';

export type OpenLaunch = {
  readonly launchId: string;
  readonly testId: number;
  /** The submission that ordered it; `null` for a test that a launcher brought here. */
  readonly uuid: string | null;
  readonly launch: Launch | null;
  readonly stage:
    | {readonly kind: 'ordered'}
    /** With the launcher's process, as far as it is known, and with what its job can be found by in a batch system. */
    | {
        readonly kind: 'sent';
        readonly pid: number;
        readonly pidStart: string;
        readonly job?: {readonly system: string; readonly tag: string; readonly task: number | null};
      }
    | {readonly kind: 'accepted'}
    /** A batch system has it. */
    | {readonly kind: 'queued'; readonly system: string; readonly jobId: string}
    | {readonly kind: 'running'; readonly rundir: string; readonly isHandedOver: boolean};
};

type Line = OpenLaunch | {readonly launchId: string; readonly stage: {readonly kind: 'ended'}};

/** The file begins anew when it has grown beyond this. */
const renewBytes = 4 * 1024 * 1024;

export class LaunchLog {
  readonly #path: string;
  readonly #open = new Map<string, OpenLaunch>();
  #fd: number;
  #bytes = 0;

  constructor(path: string) {
    this.#path = path;
    for (const line of existsSync(path) ? readLines(path) : []) {
      if (line.stage.kind === 'ended') {
        this.#open.delete(line.launchId);
      } else {
        this.#open.set(line.launchId, line as OpenLaunch);
      }
    }
    this.#fd = this.#rewrite();
  }

  get open(): readonly OpenLaunch[] {
    return [...this.#open.values()];
  }

  get(launchId: string): OpenLaunch | undefined {
    return this.#open.get(launchId);
  }

  /** Writes down where a launch is now. */
  put(launch: OpenLaunch): void {
    this.#open.set(launch.launchId, launch);
    this.#append(launch);
  }

  end(launchId: string): void {
    if (this.#open.delete(launchId)) {
      this.#append({launchId, stage: {kind: 'ended'}});
    }
  }

  #append(line: Line): void {
    const text = `${JSON.stringify(line)}\n`;
    writeSync(this.#fd, text);
    this.#bytes += text.length;
    if (this.#bytes > renewBytes) {
      closeSync(this.#fd);
      this.#fd = this.#rewrite();
    }
  }

  #rewrite(): number {
    const fresh = `${this.#path}.new`;
    const text = this.open.map((launch) => `${JSON.stringify(launch)}\n`).join('');
    writeFileSync(fresh, text, {mode: 0o600});
    renameSync(fresh, this.#path);
    this.#bytes = text.length;
    return openSync(this.#path, 'a', 0o600);
  }
}

function readLines(path: string): readonly Line[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((text) => {
      try {
        return text === '' ? [] : [JSON.parse(text) as Line];
      } catch {
        // The last line of a manager that was killed in the middle of writing it: that order was never answered.
        return [];
      }
    });
}

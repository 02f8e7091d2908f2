/** The least loaded of several hosts, for launchers of the form `#MTLOWESTLOAD host ...` (spec execution.md 7). */
import {execFile} from 'node:child_process';
import {promisify} from 'node:util';

const run = promisify(execFile);
const askLimitMs = 10_000;
/** What was measured is used again for this long. */
const freshMs = 10_000;
/** Hosts that are about equal take turns. */
const jitter = 0.249;

/** The host with the lowest load for each core; a random amount makes equal ones alternate. `undefined`: none answers. */
export function leastLoaded(
  loads: ReadonlyMap<string, number | undefined>,
  random: () => number,
): string | undefined {
  let best: {readonly host: string; readonly load: number} | undefined;
  for (const [host, load] of loads) {
    if (
      load !== undefined &&
      (best === undefined || load + random() * jitter < best.load + random() * jitter)
    ) {
      best = {host, load};
    }
  }
  return best?.host;
}

export class HostLoads {
  readonly #known = new Map<string, {readonly load: number | undefined; readonly ms: number}>();

  async of(hosts: readonly string[]): Promise<ReadonlyMap<string, number | undefined>> {
    const loads = await Promise.all(
      hosts.map(async (host): Promise<[string, number | undefined]> => [host, await this.#load(host)]),
    );
    return new Map(loads);
  }

  async #load(host: string): Promise<number | undefined> {
    const known = this.#known.get(host);
    if (known !== undefined && performance.now() - known.ms < freshMs) {
      return known.load;
    }
    const load = await askLoad(host);
    this.#known.set(host, {load, ms: performance.now()});
    return load;
  }
}

async function askLoad(host: string): Promise<number | undefined> {
  try {
    const script = 'cat /proc/loadavg; getconf _NPROCESSORS_ONLN';
    const {stdout} = await run('ssh', ['-o', 'BatchMode=yes', host, script], {timeout: askLimitMs});
    return loadOf(stdout);
  } catch {
    return undefined;
  }
}

/** One-minute load for each core, of `/proc/loadavg` and the number of cores on the next line. */
export function loadOf(output: string): number | undefined {
  const [averages = '', cores = ''] = output.trim().split('\n');
  const load = Number(averages.split(' ')[0]) / Number(cores);
  return averages === '' || !Number.isFinite(load) ? undefined : load;
}

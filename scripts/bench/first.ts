/**
 * From Enter on `megatest run` to the first line of the first test's step, with daemon and manager up, and with nothing up; beside
 * the start of a bare Node.
 *
 * Option: `--rounds 11`.
 */
import {readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {BenchArea, megatestCommand} from './bench-area.ts';
import {median, type Row} from './report.ts';

export async function first(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({args: [...options], options: {rounds: {type: 'string', default: '11'}}});
  using area = new BenchArea({one: '[ezsteps]\nbody date +%s.%N > $MT_RUN_AREA_HOME/started; true\n'});
  const [warm, cold, node]: [number[], number[], number[]] = [[], [], []];
  untilFirst(area, 'warm-up');
  for (let round = 0; round < Number(values.rounds); round += 1) {
    node.push(area.timeOf(process.execPath, '-e', '0'));
    warm.push(untilFirst(area, `warm${round}`));
    area.findManager();
    area.stop();
    cold.push(untilFirst(area, `cold${round}`));
  }
  const row = (what: string, times: readonly number[], target: string): Row => ({
    what,
    ours: median(times),
    reference: 'node -e 0',
    referenceValue: median(node),
    unit: 'ms',
    target,
  });
  return [row('daemon and manager up', warm, '<= 4'), row('nothing up', cold, '<= 15')];
}

/** Milliseconds from the start of the command to the start of the test's step. */
function untilFirst(area: BenchArea, runName: string): number {
  const start = Date.now();
  area.timeOf(megatestCommand, 'run', '-t', 'x', '-n', runName);
  const file = join(area.path, 'started');
  const startedMs = Number(readFileSync(file, 'utf8')) * 1000;
  rmSync(file);
  return startedMs - start;
}

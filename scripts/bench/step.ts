/**
 * One helper call inside a running test (`$MT_MEGATEST -step ...`), the whole process, with the manager up; beside the start of a
 * bare Node, which is what such a call must never cost.
 *
 * Option: `--rounds 50`. The two alternate, so that a slow minute of the machine meets both.
 */
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {megatestCommand as megatest, ownEnvironment} from './bench-area.ts';
import {median, type Row} from './report.ts';

export async function step(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({args: [...options], options: {rounds: {type: 'string', default: '50'}}});
  const rounds = Number(values.rounds);
  const directory = mkdtempSync('/var/tmp/megatest-bench-');
  const area = join(directory, 'area');
  makeArea(area);
  const ready = join(area, 'ready');
  const go = join(area, 'go');
  execFileSync('mkfifo', [ready, go]);
  const run = spawn(megatest, ['-run', '-target', 'x', '-runname', 'r', '-testpatt', '%', '-run-wait'], {
    cwd: area,
    env: ownEnvironment(),
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => run.once('exit', resolve));
  try {
    const env = environmentOf(readFileSync(ready, 'latin1'));
    const [fast, slow, node]: [number[], number[], number[]] = [[], [], []];
    const {MT_HELPER_CALLS: _, ...withoutPipes} = env;
    const words = ['-step', 'bench', ':state', 'end', ':status', '0'];
    for (let round = 0; round < rounds; round += 1) {
      fast.push(timeOf(megatest, words, env));
      node.push(timeOf(process.execPath, ['-e', '0'], withoutPipes));
      if (round % 5 === 0) {
        slow.push(timeOf(megatest, words, withoutPipes));
      }
    }
    return [
      row('one -step call, manager up', median(fast), median(node), '<= 0.2'),
      row('the same without the pipes', median(slow), median(node), '<= 1.4'),
    ];
  } finally {
    writeSync(openSync(go, 'w'), 'end\n');
    await ended;
    spawnSync(megatest, ['server', 'stop'], {cwd: area, env: ownEnvironment(), stdio: 'ignore'});
    rmSync(directory, {recursive: true, force: true});
  }
}

function row(what: string, ours: number, referenceValue: number, target: string): Row {
  return {what, ours, reference: 'node -e 0', referenceValue, unit: 'ms', target};
}

function makeArea(area: string): void {
  mkdirSync(join(area, 'runs'), {recursive: true});
  mkdirSync(join(area, 'tests/one'), {recursive: true});
  writeFileSync(
    join(area, 'megatest.config'),
    '[fields]\nPLATFORM TEXT\n[setup]\nlinktree #{getenv MT_RUN_AREA_HOME}/links\nminspace 1\ndbdir-space-required 1\n[disks]\nd #{getenv MT_RUN_AREA_HOME}/runs\n',
  );
  const body = 'env -0 > $MT_RUN_AREA_HOME/ready; read line < $MT_RUN_AREA_HOME/go';
  writeFileSync(join(area, 'tests/one/testconfig'), `[ezsteps]\nbody ${body}\n`);
}

function environmentOf(text: string): Record<string, string> {
  const pairs = text.split('\0').map((pair): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}

function timeOf(program: string, words: readonly string[], env: Readonly<Record<string, string>>): number {
  const start = performance.now();
  const {status, stderr} = spawnSync(program, words, {env, encoding: 'utf8'});
  const time = performance.now() - start;
  if (status !== 0) {
    throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${stderr}`);
  }
  return time;
}

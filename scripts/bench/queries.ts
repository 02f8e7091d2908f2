/**
 * The listings that people and scripts ask for, as whole commands, with many runs in the db; beside the `sqlite3` command with equal
 * SQL and JSON output.
 *
 * Options: `--runs 100`, `--tests 10000` (of each run), `--rounds 5`.
 */
import {spawn} from 'node:child_process';
import {parseArgs} from 'node:util';
import {openWorking} from '@megatest/store';
import {BenchArea, megatestCommand, ownEnvironment} from './bench-area.ts';
import {fillRuns} from './fill.ts';
import {median, type Row} from './report.ts';

const counts = 'SELECT state, status, count(*) FROM tests WHERE run_id = 1 GROUP BY state, status';
const allCounts =
  'SELECT r.*, (SELECT json_group_array(s) FROM (SELECT json_array(state, status, count(*)) AS s FROM tests WHERE run_id = r.id GROUP BY state, status)) FROM runs AS r';
const ofRun = 'SELECT * FROM tests WHERE run_id = 1';
const everything = 'SELECT r.runname, t.* FROM runs AS r JOIN tests AS t ON t.run_id = r.id';

const queries: readonly (readonly [what: string, words: readonly string[], sql: string])[] = [
  ['status of a run', ['status', 'r1', '-t', 'x', '--json'], counts],
  ['runs', ['runs', '--json'], allCounts],
  ['tests of a run', ['tests', 'r1', '-t', 'x', '--json'], ofRun],
  ['-list-runs % -dumpmode json', ['-list-runs', '%', '-dumpmode', 'json'], everything],
];

export async function queryCommands(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {
      runs: {type: 'string', default: '100'},
      tests: {type: 'string', default: '10000'},
      rounds: {type: 'string', default: '5'},
    },
  });
  using area = new BenchArea({one: '[ezsteps]\nbody true\n'});
  area.megatest('run', '-t', 'x', '-n', 'r1');
  const {dbPath} = area.daemon;
  area.findManager();
  area.stop();
  const db = openWorking(dbPath);
  fillRuns(db, Number(values.runs), Number(values.tests));
  db.close();
  const rows: Row[] = [];
  for (const [what, words, sql] of queries) {
    const [ours, reference]: [number[], number[]] = [[], []];
    for (let round = 0; round < Number(values.rounds); round += 1) {
      ours.push(area.timeOf(megatestCommand, ...words));
      reference.push(area.timeOf('sqlite3', '-json', dbPath, sql));
    }
    rows.push({
      what,
      ours: median(ours),
      reference: 'sqlite3 -json',
      referenceValue: median(reference),
      unit: 'ms',
      target: '<= 1.5',
    });
  }
  const [, words] = queries.at(-1) ?? ['', []];
  rows.push({
    what: 'first output of the last one',
    ours: await untilOutput(area, words),
    reference: 'target',
    referenceValue: 200,
    unit: 'ms',
    target: '<= 1',
  });
  return rows;
}

/** Milliseconds until a command has printed something. */
async function untilOutput(area: BenchArea, words: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(megatestCommand, words, {
    cwd: area.path,
    env: ownEnvironment(),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const time = performance.now() - start;
  child.kill('SIGKILL');
  await ended;
  return time;
}

/**
 * The manager, or the small process that starts shells for it, is killed with SIGKILL at random moments of a run of many tiny tests:
 * every result is right, and every body ran once.
 * More kills: `MEGATEST_KILLS=50 npm test -- manager-killed`. Chosen moments: manager-lost.test.ts.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords} from './area-files.ts';

const kills = Number(process.env.MEGATEST_KILLS ?? '10');
const tests = 100;
type Victim = {
  readonly pidsOf: (area: TestArea) => readonly number[];
  readonly isUp: (area: TestArea) => boolean;
  /** The moment of its end is the point of this test, so it is left to chance. */
  readonly longestLifeMs: number;
  readonly kills: number;
};

const victims: readonly (readonly [string, Victim])[] = [
  ['manager', {pidsOf: managersOf, isUp: isServing, longestLifeMs: Math.min(400, 6000 / kills), kills}],
  // Its end delays nothing, so it can meet it more often.
  [
    'spawner',
    {
      pidsOf: spawnersOf,
      isUp: (area) => spawnersOf(area).length > 0,
      longestLifeMs: 60,
      kills: 4 * kills,
    },
  ],
];

/** Each body leaves one line for each time it runs; every fifth fails, every seventh also reports by helper calls. */
const body = [
  '#!/bin/sh',
  'echo "$MT_ITEMPATH $$" >> "$MT_RUN_AREA_HOME/bodies/$MT_ITEMPATH"',
  '[ $((MT_ITEMPATH % 7)) -ne 0 ] || $MT_MEGATEST -step extra :state end :status 0',
  'sleep 0.05',
  '[ $((MT_ITEMPATH % 5)) -ne 0 ]',
  '',
].join('\n');

it.each(victims)(
  `a run of ${tests} tests ends right, each body run once, when its %s is killed again and again`,
  async (_, {pidsOf, isUp, longestLifeMs, kills}) => {
    const numbers = Array.from({length: tests}, (_, index) => index + 1);
    await using area = TestArea.make(
      areaWith(
        {
          tiny: `[items]\nN ${numbers.join(' ')}\n[ezsteps]\nfirst $MT_RUN_AREA_HOME/tests/tiny/body.sh\nsecond true\n`,
        },
        {'tests/tiny/body.sh': body, 'bodies/.keep': ''},
      ),
    );
    const run = area.start(['megatest', ...runWords]);
    let hasEnded = false;
    void run.ended.then(() => {
      hasEnded = true;
    });
    const bodies = () => readdirSync(join(area.path, 'bodies')).filter((name) => name !== '.keep');
    await until(() => bodies().length > 0);
    let killed = 0;
    while (killed < kills && !hasEnded) {
      // Now and then one dies that has not even come up; mostly they shall have done something first.
      const isEarly = Math.random() < 0.1;
      await until(() => hasEnded || (isEarly ? pidsOf(area).length > 0 : isUp(area)));
      await new Promise((resolve) => setTimeout(resolve, Math.random() * longestLifeMs));
      killed += hasEnded ? 0 : pidsOf(area).filter(kill).length;
    }
    const outcome = await run.ended;
    expect(outcome.stderr).not.toContain('ERROR');
    expect(killed).toBeGreaterThan(2);
    await area.megatest(['rpc', 'sync.flush']);
    const rows = area.query(
      "SELECT item_path, state, status FROM tests WHERE testname = 'tiny' AND item_path <> '' ORDER BY CAST(item_path AS INTEGER)",
    );
    expect(rows).toEqual(
      numbers.map((number) => ({
        item_path: String(number),
        state: 'COMPLETED',
        status: number % 5 === 0 ? 'FAIL' : 'PASS',
      })),
    );
    const lines = (number: number) =>
      readFileSync(join(area.path, 'bodies', String(number)), 'utf8')
        .trim()
        .split('\n');
    expect(numbers.filter((number) => lines(number).length !== 1)).toEqual([]);
    const reported = area.query(
      "SELECT item_path FROM test_steps s JOIN tests t ON t.id = s.test_id WHERE stepname = 'extra' ORDER BY CAST(item_path AS INTEGER)",
    );
    expect(reported.map((row) => Number(row.item_path))).toEqual(
      numbers.filter((number) => number % 7 === 0),
    );
  },
  300_000,
);

function managersOf(area: TestArea): readonly number[] {
  return area
    .processes()
    .filter(({pid, command}) => command.includes('dist/manager.js') && hasThreads(pid))
    .map(({pid}) => pid);
}

/** Children of a manager; a child of theirs that is about to become the shell of a step still looks like them. */
function spawnersOf(area: TestArea): readonly number[] {
  return managersOf(area)
    .flatMap(childrenOf)
    .filter((pid) => contentOf(`/proc/${pid}/cmdline`).includes('spawner.pl'));
}

function childrenOf(pid: number): readonly number[] {
  return contentOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** False when it has gone by itself: one that finds another in its place. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** A manager, and not a child of it that is about to become the shell of a step and still looks like its parent. */
function hasThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** Whether the manager that says it serves is alive. */
function isServing(area: TestArea): boolean {
  const folder = join('/tmp', userInfo().username, 'megatest_manager/area', area.path.replaceAll('/', '.'));
  try {
    const [pid = ''] = readFileSync(join(folder, 'calls/manager'), 'utf8').split(' ');
    return area.processes().some((process) => process.pid === Number(pid));
  } catch {
    return false;
  }
}

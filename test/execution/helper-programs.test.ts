/** The helper programs on PATH beside the command (spec execution.md 23). */
import {chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {until} from '../rig/until.ts';
import {areaWith, runWords} from './area-files.ts';

let area: TestArea;
let folder: string;

beforeEach(() => {
  area = TestArea.make({});
  folder = mkdtempSync(join(tmpdir(), 'programs-'));
});

afterEach(async () => {
  await area[Symbol.asyncDispose]();
  rmSync(folder, {recursive: true});
});

/** A program on PATH that writes down how it was called. */
function double(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

async function run(script: string, env: Readonly<Record<string, string>> = {}) {
  const PATH = `${folder}:${area.environment().PATH}`;
  return await area.shell(script, {cwd: folder, env: {PATH, ...env}});
}

function file(name: string): string {
  return existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
}

describe.each([
  'nbfake',
  'remrun',
  'nbfind',
  'loadrunner',
  'mtrunner',
  'mt_runstep',
  'mt_laststep',
  'mt_ezstep',
  'viewscreen',
])('%s without arguments', (name) => {
  it('says how it is used', async () => {
    const {code, stderr} = await run(name);
    expect(code).toBe(1);
    expect(stderr).toContain('usage:');
  });
});

describe('nbfake', () => {
  it('runs a command in the background with its output in the log, and tells where', async () => {
    const {code, stderr} = await run('nbfake echo "a   b; echo c"', {NBFAKE_LOG: 'log'});
    expect(code).toBe(0);
    expect(stderr.trimEnd().split('\n')).toHaveLength(4);
    await until(() => file('log').includes('c'));
    // Words are taken by a shell once more.
    expect(file('log')).toBe('a b\nc\n');
  });
});

describe('remrun', () => {
  it('is nbfake with a host, which the command itself does not see', async () => {
    double('ssh', 'echo "$@" > ssh-words; echo "[$NBFAKE_HOST]" > seen');
    expect((await run('remrun hosta date -u', {NBFAKE_LOG: 'log'})).code).toBe(0);
    expect(file('ssh-words')).toContain('-f hosta ');
    expect(file('ssh-words')).toContain("sh -c 'date -u'");
    expect(file('seen')).toBe('[]\n');
  });
});

describe('nbfind', () => {
  it('runs here while the load is below the limit', async () => {
    expect((await run('nbfind echo here', {MAX_ALLOWED_LOAD: '1000000', NBFAKE_LOG: 'log'})).code).toBe(0);
    await until(() => file('log') === 'here\n');
  });

  it('hands over to NBLAUNCHER, with its options, when the load is too high', async () => {
    double('queue', 'echo "$@" > queued');
    await run('nbfind make all', {MAX_ALLOWED_LOAD: '-1', NBLAUNCHER: 'queue -q big'});
    expect(file('queued')).toBe('-q big make all\n');
  });
});

describe('loadrunner', () => {
  it('runs here while the load is not above the limit', async () => {
    const env = {MAX_ALLOWED_LOAD: '1000000', TARGETHOST_LOGF: 'log', TMPDIR: folder};
    expect((await run('loadrunner echo here', env)).code).toBe(0);
    await until(() => file('log') === 'here\n');
  });

  it('tries again later when the load is too high', async () => {
    double('at', 'echo "$@" > when; cat > what');
    await run('loadrunner make all', {MAX_ALLOWED_LOAD: '-1', TMPDIR: folder});
    expect(file('when')).toBe('now + 2 minutes\n');
    expect(file('what')).toBe(`cd '${folder}' && loadrunner make all\n`);
  });
});

describe('mtrunner', () => {
  it('leaves nothing of the test around it, and gives back the exit code', async () => {
    double('inner', 'env | grep ^MT_ > inner-env; pwd > inner-dir; exit 7');
    const {code} = await run(`mtrunner /usr ${folder} inner`, {
      MT_TARGET: 'a/b',
      MT_CMDINFO: 'x',
      MT_ITEM_INFO: '((A 1)\n(B 2))',
    });
    // The command runs in its own directory, so its files do not land here.
    expect(code).toBe(7);
  });

  it('runs in the directory, with the programs of the other area first', async () => {
    const {stdout} = await run(`mtrunner /usr ${folder} sh -c 'pwd; echo "$PATH"; env | grep -c ^MT_'`, {
      MT_TARGET: 'a/b',
    });
    const [directory, path, count] = stdout.split('\n');
    expect([directory, path?.startsWith(`${folder}:`), count]).toEqual(['/usr', true, '0']);
  });
});

const rules = '(expect:error in "LogFileBody" = 0 "none" #/BAD/)\n';

describe('mt_ezstep', () => {
  it.each([
    ['echo fine', rules, 0],
    ['echo BAD', rules, 1],
    ['sh -c "exit 9"', rules, 9],
    ['echo fine', undefined, 0],
  ])('ends %j with the rules %j with %i', async (command, text, code) => {
    if (text !== undefined) {
      writeFileSync(join(folder, 's.logpro'), text);
    }
    expect((await run(`mt_ezstep s none ${command}`, {MT_CMDINFO: 'x'})).code).toBe(code);
    expect(existsSync(join(folder, 's.log'))).toBe(true);
  });

  it('does nothing outside a test, and says so', async () => {
    const {code, stderr} = await run('mt_ezstep s none touch done');
    expect([code, existsSync(join(folder, 'done'))]).toEqual([0, false]);
    expect(stderr).toContain('only works inside a test');
  });

  it('takes the environment of the directory', async () => {
    writeFileSync(join(folder, 'megatest.sh'), 'export MT_CMDINFO=x\nexport OWN="a b"\n');
    await run('mt_ezstep s none sh -c \'echo "$OWN"\'');
    expect(file('s.log')).toBe('a b\n');
  });
});

describe('mt_xterm', () => {
  it('runs MT_XTERM_CMD in the environment of the test, on the screen of the caller', async () => {
    writeFileSync(join(folder, 'megatest.sh'), 'export DISPLAY=:1\nexport OWN=test\n');
    double('term', 'echo "$OWN $DISPLAY $@" > seen');
    await run('mt_xterm -T title', {MT_XTERM_CMD: 'term -x', DISPLAY: ':7'});
    expect(file('seen')).toBe('test :7 -x\n');
  });

  it('is xterm without it', async () => {
    double('xterm', 'echo "$@" > seen');
    await run('mt_xterm -T title');
    expect(file('seen')).toBe('-T title\n');
  });
});

describe('viewscreen', () => {
  it('is a terminal of its own where there is no screen', async () => {
    double('xterm', 'echo "$@" > seen');
    await run(
      `PATH=${folder}:$(dirname "$(command -v viewscreen)"):/usr/bin:/bin; command -v screen && exit 3; viewscreen ls -l`,
    );
    expect(file('seen')).toContain('-geometry 180x20 -e sh -c ls -l;');
  });

  it('is a new window of the screen that is there', async () => {
    double('screen', 'echo "$@" >> seen');
    await run('viewscreen ls -l');
    expect(file('seen').trimEnd().split('\n').at(-1)).toMatch(/-X screen sh -c ls -l; /);
  });
});

describe('mt_runstep and mt_laststep', () => {
  it('write records, logs and reports, and the last one the result of the test', async () => {
    const script = (last: string) =>
      ['#!/bin/sh', 'mt_runstep build echo built', `mt_laststep check ${last}`, 'echo $? > code', ''].join(
        '\n',
      );
    const testconfig = '[setup]\nrunscript go.sh\n';
    await using full = TestArea.make(
      areaWith(
        {good: testconfig, bad: testconfig, broken: testconfig},
        {
          'tests/good/go.sh': script('echo fine'),
          'tests/good/check.logpro': rules,
          'tests/bad/go.sh': script('echo BAD'),
          'tests/bad/check.logpro': rules,
          'tests/broken/go.sh': script('sh -c "exit 3"'),
        },
      ),
    );
    await full.megatest(runWords);
    await full.megatest(['rpc', 'sync.flush']);
    expect(full.query('SELECT testname, status, final_logf FROM tests ORDER BY testname')).toEqual([
      {testname: 'bad', status: 'FAIL', final_logf: 'check.html'},
      {testname: 'broken', status: 'FAIL', final_logf: 'check.log'},
      {testname: 'good', status: 'PASS', final_logf: 'check.html'},
    ]);
    const steps = full.query(
      "SELECT testname, stepname, s.status FROM test_steps s JOIN tests t ON t.id = test_id WHERE s.state = 'end' ORDER BY testname, s.id",
    );
    expect(steps.map((step) => `${step.testname} ${step.stepname} ${step.status}`)).toEqual([
      'bad build 0',
      'bad check 1',
      'broken build 0',
      'broken check 3',
      'good build 0',
      'good check 0',
    ]);
    const code = (name: string) => readFileSync(join(full.path, 'links/x/r', name, 'code'), 'utf8').trim();
    expect(['good', 'bad', 'broken'].map(code)).toEqual(['0', '1', '3']);
  });
});

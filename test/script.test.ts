/** `-load`, `-repl` and `MT_RUNSCRIPT`: scripts in Scheme that run within an area. */
import {describe, expect, it} from 'vitest';
import {TestArea} from './rig/area.ts';

const config = [
  '[fields]',
  'PLATFORM TEXT',
  'RELEASE TEXT',
  '[setup]',
  'linktree #{getenv MT_RUN_AREA_HOME}/links',
  'minspace 1',
  'dbdir-space-required 1',
  '[disks]',
  'disk0 #{getenv MT_RUN_AREA_HOME}/runs',
  '',
].join('\n');

function makeArea(files: Readonly<Record<string, string>> = {}): TestArea {
  return TestArea.make({
    'megatest.config': config,
    'runconfigs.config': '[linux/v1]\nX one\n',
    'tests/good/testconfig': '[ezsteps]\nstep true\n',
    ...files,
  });
}

async function repl(area: TestArea, ...lines: readonly string[]) {
  return await area.megatest(['-repl'], {input: `${lines.join('\n')}\n`});
}

describe('-repl', () => {
  it('runs a here-document without a prompt and ends with its exit code', async () => {
    await using area = makeArea();
    const script = [
      'export MT_RUNSCRIPT=yes',
      'megatest -repl <<EOF',
      '(print "INFO: START TEST")',
      '(+ 1 2)',
      '(exit 7)',
      '(print "never")',
      'EOF',
    ].join('\n');
    expect(await area.shell(script)).toEqual({code: 7, stdout: 'INFO: START TEST\n', stderr: ''});
  });

  it('prints each mistake with its place and goes on, 0 at the end of input', async () => {
    await using area = makeArea();
    const outcome = await repl(
      area,
      '(define x 1)',
      '  (db:delete-run 1)',
      ')',
      '(with-input-from-file "none" read)',
      '(print (handle-exceptions e "no file" (with-input-from-file "none" read)) x)',
      '(print "unfinished"',
    );
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toBe('no file1\n');
    expect(outcome.stderr.split('\n')).toEqual([
      'ERROR: standard input:2:3: unbound variable: db:delete-run (not supported)',
      'ERROR: standard input:3:1: ")" closes nothing',
      expect.stringMatching(/^ERROR: standard input:4:1: ENOENT/),
      'ERROR: standard input:6:1: this list is never closed',
      '',
    ]);
  });

  it('reads data from between the forms', async () => {
    await using area = makeArea();
    const outcome = await repl(
      area,
      '(use json)',
      '(define data (json-read))',
      '{"name": "a)b", "values": [1, 2.5,',
      '  true]} (print (vector->list data))',
      '(print "line: " (read-line))',
      'some (text',
      '(print (read)) (a b)',
    );
    expect(outcome).toEqual({
      code: 0,
      stdout: '((name . a)b) (values 1 2.5 #t))\nline: some (text\n(a b)\n',
      stderr: '',
    });
  });

  it('answers a form before the next one is written', async () => {
    await using area = makeArea();
    const outcome = await area.shell(
      'mkfifo in out; megatest -repl <in >out & exec 3>in 4<out; echo \'(print "first")\' >&3; read -r line <&4; ' +
        '[ "$line" = first ] && echo "(exit 5)" >&3; wait $!',
    );
    expect(outcome.code).toBe(5);
  });

  it('knows the keys, and those of each run', async () => {
    await using area = makeArea();
    await area.megatest('-run -target linux/v1 -runname r -testpatt good -run-wait'.split(' '));
    const outcome = await repl(
      area,
      '(write (rmt:get-keys))',
      '(write (rmt:get-key-val-pairs 1))',
      '(write (rmt:get-key-val-pairs 99))',
      '(rmt:get-tests-for-run 1)',
    );
    expect(outcome.stdout).toBe('("PLATFORM" "RELEASE")(("PLATFORM" "linux") ("RELEASE" "v1"))()');
    expect(outcome.stderr).toContain('unbound variable: rmt:get-tests-for-run (not supported)');
    expect(outcome.code).toBe(0);
  });

  it('goes on after a recursion without end', async () => {
    await using area = makeArea();
    const outcome = await repl(
      area,
      '(define (deep n) (+ 1 (deep n)))',
      '(deep 0)',
      '(define (mapped n) (map mapped (list n)))',
      '(mapped 0)',
      '(print "still here")',
    );
    expect(outcome.stderr.match(/calls are nested too deeply/g)).toHaveLength(2);
    expect(outcome.stdout).toBe('still here\n');
    expect(outcome.code).toBe(0);
  });
});

describe('-load', () => {
  it('runs a file that knows the area, its options and other words', async () => {
    await using area = makeArea({
      'lib.scm': '(define (twice text) (conc text text))\n',
      'all.scm': [
        '(load "lib.scm")',
        '(print (twice "ab") " " remargs " " (args:get-arg "-target"))',
        '(print (config-lookup *configdat* "fields" "RELEASE") " " (runconfigs-get *runconfigdat* "X"))',
        '(print (equal? *toppath* (getenv "MT_RUN_AREA_HOME")))',
        '(print "exit code " (system "echo from the shell; exit 3"))',
        '(print (read-line))',
      ].join('\n'),
    });
    const outcome = await area.megatest(['-load', 'all.scm', '-target', 'linux/v1', 'one', 'two'], {
      input: 'input\n',
    });
    expect(outcome).toEqual({
      code: 0,
      stdout: 'abab (one two) linux/v1\nTEXT one\n#t\nfrom the shell\nexit code 3\ninput\n',
      stderr: '',
    });
  });

  it('is not cut short like an expression of a config file', async () => {
    await using area = makeArea({
      'long.scm': '(print (let loop ((n 0) (l 0)) (if (= n 6000) l (loop (+ n 1) (length (iota 1000))))))',
    });
    expect(await area.megatest(['-load', 'long.scm'])).toMatchObject({code: 0, stdout: '1000\n'});
  });

  it('ends at a mistake with one message of file and line, exit code 1', async () => {
    await using area = makeArea({
      'bad.scm': '(print "one")\n(define (f x)\n  (car x))\n(f 5)\n(print "two")\n',
      'open.scm': '(print "one")\n\n(print "two"\n',
      'outer.scm': '\n(load "bad.scm")\n',
      'deep.scm': '(define (deep n)\n  (+ 1 (deep n)))\n(deep 0)\n',
      'exit.scm': '(exit 4)\n',
    });
    const bad = await area.megatest(['-load', 'bad.scm']);
    expect(bad).toMatchObject({code: 1, stdout: 'one\n'});
    expect(bad.stderr).toMatch(/^bad\.scm:3:3: .*car: expected a list, got 5\n$/);
    const open = await area.megatest(['-load', 'open.scm']);
    expect(open).toMatchObject({code: 1, stdout: 'one\n'});
    expect(open.stderr).toMatch(/^open\.scm:3:1: .*this list is never closed\n$/);
    const outer = await area.megatest(['-load', 'outer.scm']);
    expect(outer.code).toBe(1);
    expect(outer.stderr).toMatch(/^outer\.scm:2:1: .*bad\.scm:3:3: car: expected a list, got 5\n$/);
    const deep = await area.megatest(['-load', 'deep.scm']);
    expect(deep.code).toBe(1);
    expect(deep.stderr).toMatch(/^deep\.scm:2:\d+: .*calls are nested too deeply/);
    const missing = await area.megatest(['-load', 'none.scm']);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^none\.scm: .*the script cannot be read: ENOENT.*\n$/);
    expect((await area.megatest(['-load', 'exit.scm'])).code).toBe(4);
  });
});

describe('MT_RUNSCRIPT', () => {
  it('makes every call a script, also those of the new style', async () => {
    await using area = makeArea();
    for (const words of [[], ['status'], ['-list-runs', '%']]) {
      const outcome = await area.megatest(words, {
        env: {MT_RUNSCRIPT: ''},
        input: '(print (rmt:get-keys))\n',
      });
      expect(outcome).toEqual({code: 0, stdout: '(PLATFORM RELEASE)\n', stderr: ''});
    }
  });

  it('does nothing outside an area', async () => {
    await using area = makeArea();
    const outcome = await area.megatest(['-repl'], {cwd: '/var/tmp', input: '(print "x")\n'});
    expect(outcome).toMatchObject({code: 2, stdout: ''});
    expect(outcome.stderr).toContain('No megatest.config file found');
  });
});

/** A seeded area with mistakes of every kind: each is found, at its place. */
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {TemporaryArea} from '../reading-rig.ts';
import {type CheckResult, checkArea} from './check-area.ts';
import {printProblems, problemsJson, problemsSarif} from './print-problems.ts';
import {PROBLEM_KINDS, type Problem} from './problem.ts';

/**
 * Files of the area. `@CODE@` marks the place of a problem and is removed when the file is written; it stands right before the
 * column that the problem is to have.
 */
const files: Readonly<Record<string, string>> = {
  'megatest.config': `@line-before-section@stray 1
[fields]
PLATFORM TEXT
@bad-key-name@status TEXT
[setup]
linktree links
@unknown-key@max_concurent_jobs 4
max_concurrent_jobs @bad-number@0
runtimelim 1h @bad-time@5x
use-cache @bad-choice@maybe
waivercommentpatt @bad-regex@([a-z]
nodot @misleading-no@no
minspace 100 @inline-comment@# soft
@no-effect@runqueue 5
reruns 1
@duplicate-key@reruns 0
order @bad-choice@durations
allow-auto-rerun COMPLETED/FAIL @unknown-state@COMPLETE/FAIL
@unclosed-header@[broken
@unknown-section@[jobtool]
launcher nbfake
[validvalues]
cleanrerun-statuses FAIL,@unknown-state@FIAL
[host-types]
local nbfake
[launchers]
@bad-pattern@(x local
% @unknown-host-type@locl
[disks]
d1 @missing-disk@/not/there
[tests-paths]
more @missing-tests-path@/not/there/either
other other-tests
[areas]
one path=/tmp
[contours]
quick areas=one
slow @unknown-area@areas=two
@missing-include@[include absent.config]
[include megatest.config.loop]
@missing-script@[scriptinc absent.sh]
@failed-script@[scriptinc fails.sh]
@unknown-setting@[configf:settings trim yes]
[values]
a @undefined-value@#{getenv NOT_SET_ANYWHERE}
b @unknown-helper@#{getnv HOME}
c @unclosed-helper@#{getenv HOME
d @failed-helper@#{scheme (car 5)}
e @failed-command@#{shell exit 3}
f @failed-command@[system exit 4]
@endless-helper@g #{getenv ENDLESS}
   continued
# a comment ends the value
   @dropped-line@dropped
[env-override]
H @bad-env-value@(bad
@bad-variable-name@A=B 1
`,
  'megatest.config.loop': '@include-loop@[include megatest.config.loop]\n',
  'runconfigs.config': `[default]
TESTPATT @bad-pattern@(a
@unmatched-section@[no/such/target/%]
X 1
@bad-section-pattern@[/(/]
X 1
@unknown-section@[defualt]
[linux/v1]
Y 2
@bad-target-section@[linux/v1/x/y]
Z 3
`,
  'tests/first/testconfig': `[ezsteps]
@step-without-command@build
@bad-step-name@a/b true
run @not-executable@run.sh
[logpro]
@rules-without-step@buidl
  (expect:error in "x" = 0 "y" #/z/)
@rules-twice@run
  (@bad-rules@broken
[requirements]
waiton @unknown-waiton@secnd @unknown-waiton@first-not @self-waiton@first
mode @bad-mode@itemwiat
priority @bad-number@high
runtimelim @bad-time@soon
itemmap @bad-item-map@([ x
[itemmap]
@unused-item-map@third ^(.*)$ \\\\1
[test_meta]
jobgroup @unknown-jobgroup@bigg
@unknown-key@autor me
[triggers]
@bad-trigger@completed/FAIL mail.sh
[skip]
prevrunning yes
@ignored-skip@rundelay 1h
[waivers]
w1 @bad-waiver@cmp
@misplaced-section@[jobtools]
launcher x
`,
  'tests/first/run.sh': 'true\n',
  'tests/first/run.logpro': '',
  'tests/second/testconfig': `@empty-items@[items]
[itemstable]
@zero-items@A
@bad-variable-name@B-C
@nothing-to-run@[setup]
[requirements]
waiton @waiton-cycle@third
`,
  'tests/third/testconfig': `[setup]
runscript @missing-runscript@absent.sh
[items]
V @duplicate-item@x x @bad-item-value@../up
[requirements]
waiton second
`,
  'tests/a b/testconfig': '[ezsteps]\nrun true\n',
  'tests/fourth/testconfig': '[ezsteps]\nrun true\n',
  'other-tests/fourth/testconfig': '[ezsteps]\nrun true\n',
};

const marker = /@([a-z-]+)@/g;

describe('a seeded area', () => {
  const area = new TemporaryArea();
  const wanted: string[] = [];
  let result: CheckResult;

  beforeAll(() => {
    for (const [name, text] of Object.entries(files)) {
      const lines = text.split('\n').map((line, index) => {
        let shift = 0;
        for (const match of line.matchAll(marker)) {
          wanted.push(`${name}:${index + 1}:${match.index - shift + 1} ${match[1]}`);
          shift += match[0].length;
        }
        return line.replace(marker, '');
      });
      area.write(name, lines.join('\n'));
    }
    area.write('fails.sh', '#!/bin/sh\nexit 7\n');
    // Problems of a whole file have no line.
    wanted.push('tests/fourth/testconfig:0:0 shadowed-test', 'tests/a b/testconfig:0:0 bad-test-name');
    result = checkArea(area.path, {
      env: {PATH: process.env.PATH ?? '', ENDLESS: '#{getenv ENDLESS}'},
      cwd: area.path,
      checkRulesText: (text) =>
        text.includes('broken') ? [{line: 2, column: 2, message: 'unknown form broken'}] : [],
    });
  });

  afterAll(() => area[Symbol.dispose]());

  const found = (problems: readonly Problem[]) =>
    problems.map(({place, code}) => {
      const file = place.file.slice(area.path.length + 1);
      return `${file}:${place.line ?? 0}:${place.column ?? 0} ${code}`;
    });

  it('finds every mistake at its place, and nothing else', () => {
    expect(found(result.problems).sort()).toEqual([...wanted].sort());
  });

  it('knows more than thirty kinds of mistakes, and the seeded ones are nearly all of them', () => {
    const kinds = new Set(result.problems.map(({code}) => code));
    const missing = Object.keys(PROBLEM_KINDS).filter((code) => !kinds.has(code as Problem['code']));
    expect(missing).toEqual([
      'unreadable-file',
      'missing-file',
      'unparsable-line',
      'stopped-command',
      'no-fields',
      'missing-linktree',
      'no-tests',
    ]);
  });

  it('prints like a compiler', () => {
    const text = printProblems(result.problems, area.path);
    expect(text).toContain(
      [
        'megatest.config:7:1: warning: [setup] has no key max_concurent_jobs [unknown-key]',
        '  max_concurent_jobs 4',
        '  ^',
        '  hint: did you mean max_concurrent_jobs?',
      ].join('\n'),
    );
    expect(text).toMatch(/\n\d+ errors, \d+ warnings, \d+ notes\n$/);
  });

  it('gives the same as JSON and SARIF', () => {
    const rows = JSON.parse(problemsJson(result.problems, area.path)) as readonly {file: string}[];
    expect(rows).toHaveLength(result.problems.length);
    expect(rows[0]).toMatchObject({file: 'megatest.config', line: 1, code: 'line-before-section'});
    const sarif = JSON.parse(problemsSarif(result.problems, '2.0.0', area.path)) as {
      version: string;
      runs: readonly {
        results: readonly {ruleId: string; ruleIndex: number}[];
        tool: {driver: {rules: {id: string}[]}};
      }[];
    };
    expect(sarif.version).toBe('2.1.0');
    const [run] = sarif.runs;
    expect(run?.results).toHaveLength(result.problems.length);
    for (const {ruleId, ruleIndex} of run?.results ?? []) {
      expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    }
  });
});

describe('an area in which one thing is wrong', () => {
  const good: Readonly<Record<string, string>> = {
    'megatest.config': '[fields]\nA TEXT\n[setup]\nlinktree links\n',
    'runconfigs.config': '[default]\n[a]\n',
    'tests/t/testconfig': '[ezsteps]\nrun true\n',
  };
  const cases: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['', {}],
    ['no-fields', {'megatest.config': '[setup]\nlinktree links\n'}],
    ['missing-linktree', {'megatest.config': '[fields]\nA TEXT\n'}],
    ['no-tests', {'tests/t/testconfig': ''}],
    ['unparsable-line', {'tests/t/testconfig': '[ezsteps]\nrun true\n#{scheme "a\\nb"} x\n'}],
    ['unreadable-file', {'tests/t/testconfig': '[ezsteps]\nrun \0 true\n'}],
    ['stopped-command', {'tests/t/testconfig': '[ezsteps]\nrun #{sh sleep 1000}\n'}],
  ];
  it.each(cases)('%s', (code, changes) => {
    using area = new TemporaryArea();
    for (const [name, text] of Object.entries({...good, ...changes})) {
      if (text !== '') {
        area.write(name, text);
      }
    }
    const {problems} = checkArea(area.path, {
      env: {PATH: process.env.PATH ?? ''},
      cwd: area.path,
      fileLimitMs: code === 'stopped-command' ? 100 : 60_000,
    });
    const codes = problems.map((problem) => problem.code);
    expect(code === '' ? codes.length === 0 : codes.some((found) => found === code), codes.join()).toBe(true);
  });

  it('a directory without megatest.config is no area', () => {
    using area = new TemporaryArea();
    const {problems} = checkArea(area.path, {env: {}, cwd: area.path});
    expect(problems).toMatchObject([{code: 'missing-file', place: {file: `${area.path}/megatest.config`}}]);
  });
});

describe('the example areas', () => {
  it.each(['quickstart', 'sqlite-qualification'])('%s has no problems', (example) => {
    const path = join(import.meta.dirname, '../../../../examples', example);
    const env = {PATH: process.env.PATH ?? '', HOME: '/', USER: 'ann'};
    const {problems} = checkArea(path, {env, cwd: path});
    expect(printProblems(problems, path)).toBe('no problems found\n');
  });
});

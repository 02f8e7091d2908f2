/** What config.md 2 to 7 say beyond the worked examples, and the bounds of reading. */
import {homedir, userInfo} from 'node:os';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import type {ReadOptions} from './read-config.ts';
import {type Reading, TemporaryArea} from './reading-rig.ts';

let area: TemporaryArea;
beforeEach(() => {
  area = new TemporaryArea();
});
afterEach(() => area[Symbol.dispose]());

const env = (variables: Record<string, string>) => ({PATH: process.env.PATH ?? '', ...variables});

function values(text: string, options: Partial<ReadOptions> = {}): Reading['values'] {
  return area.read(text, options).values;
}

describe('config 2 lexical rules', () => {
  const cases: readonly (readonly [string, string, Reading['values']])[] = [
    ['a \\ at the end of the file is dropped', 'k v\\', {default: [['k', 'v']]}],
    ['carriage returns are no part of a line', '[s]\r\nk v\\\r\nw\r\n', {s: [['k', 'vw']]}],
    [
      'a \\ before blanks continues nothing',
      'k v\\ \nw x\n',
      {
        default: [
          ['k', 'v\\ '],
          ['w', 'x'],
        ],
      },
    ],
    ['a byte order mark is no part of the first line', '\uFEFF[s]\nk v\n', {s: [['k', 'v']]}],
    [
      'a redefined key moves to the end',
      '[s]\na 1\nb 2\na 3\n',
      {
        s: [
          ['b', '2'],
          ['a', '3'],
        ],
      },
    ],
    [
      'a header is enough for a section, opening it again adds',
      '[s]\n[t]\n[s]\nk v\n',
      {s: [['k', 'v']], t: []},
    ],
    ['[] is the section with the empty name', '[]\nk v\n', {'': [['k', 'v']]}],
    ['[include] without a file is a section', '[include]\nk v\n', {include: [['k', 'v']]}],
    [
      '[system date] at the start of a line is a section',
      '[system date]\nk v\n',
      {'system date': [['k', 'v']]},
    ],
    ['there are no comments behind values', 'limit 5m # soft\n', {default: [['limit', '5m # soft']]}],
    ['a [system] value cannot be continued', 'k [system echo a]\n  b\n', {default: [['k', 'a']]}],
    ['blanks behind a key are its value', 'K  \n', {default: [['K', '  ']]}],
    ['a value may hold line breaks of a helper', 'k #{scheme "a\\nb"}\n', {default: [['k', 'a\nb']]}],
    ['names may hold anything', '[a/b %c]\nx:y=z é\n', {'a/b %c': [['x:y=z', 'é']]}],
  ];
  it.each(cases)('config 2 %s', (_, text, wanted) => {
    // A section with % in its name is a pattern; seeding it under another name keeps its entries visible.
    expect(values(text.replace('%', ''))).toEqual(
      Object.fromEntries(Object.entries(wanted).map(([name, pairs]) => [name.replace('%', ''), pairs])),
    );
  });

  it('config 2 a key with a line break cannot be parsed, and reading goes on', () => {
    const reading = area.read('#{scheme "a\\nb"} c\nk v\n');
    expect(reading.values).toEqual({default: [['k', 'v']]});
    expect(reading.messages).toEqual([`ERROR: problem parsing ${area.path}/megatest.config:1, "a\nb c"`]);
  });

  it('config 2 an entry of a continued line has the place of its physical line', () => {
    const reading = area.read('k \\\n  #{getenv NOT_SET}\n');
    expect(reading.notes).toMatchObject([{kind: 'helper-undefined', origin: {line: 2, column: 3}}]);
  });
});

describe('config 3 include and scriptinc', () => {
  it('config 3 values go both ways, settings too, sections do not leak', () => {
    area.write('more.cfg', 'b #{get s a}\n[configf:settings trim-trailing-spaces yes]\n[t]\nc 1\n');
    expect(values('[s]\na 1\n[include more.cfg]\nd #{get s b}  \n')).toEqual({
      s: [
        ['a', '1'],
        ['b', '1'],
        ['d', '1'],
      ],
      t: [['c', '1']],
    });
  });

  it('config 3 ~/ is expanded, absolute paths are taken, a directory is no file', () => {
    const path = area.write('home/x.cfg', 'a 1\n');
    expect(values('[include ~/x.cfg]\n', {env: env({HOME: `${area.path}/home`})})).toEqual({
      default: [['a', '1']],
    });
    expect(values(`[include ${path}]\n`)).toEqual({default: [['a', '1']]});
    const missing = area.read(`[include ${area.path}]\n[include none]\n`);
    expect(missing.notes.map((note) => note.kind)).toEqual(['include-missing', 'include-missing']);
    expect(missing.messages).toEqual([]);
  });

  it('config 3 a loop of includes stops at depth 100 with one message', () => {
    area.write('loop.cfg', '[include loop.cfg]\n');
    const reading = area.read('[include loop.cfg]\nafter 1\n');
    expect(reading.messages).toEqual([
      `ERROR: ${area.path}/loop.cfg:1: includes are nested deeper than 100, ${area.path}/loop.cfg is left out`,
    ]);
    expect(reading.values).toEqual({default: [['after', '1']]});
  });

  it('config 3 a file that includes itself twice does not take for ever', () => {
    area.write('twice.cfg', '[include twice.cfg]\n[include twice.cfg]\n');
    expect(() => area.read('[include twice.cfg]\n')).toThrow('more than 10000 files are included');
  });

  it('config 3 the output of a script is read like a file, whatever its exit code', () => {
    area.write('sub/one.cfg', 'from include\n');
    area.write('sub/gen', '#!/bin/sh\necho "x $1"; echo "[include one.cfg]"; exit 3\n');
    area.write('sub/use.cfg', '[scriptinc gen "a b"]\n');
    const reading = area.read('[include sub/use.cfg]\n', {commands: 'no'});
    expect(reading.values).toEqual({
      default: [
        ['x', 'a b'],
        ['from', 'include'],
      ],
    });
    expect(reading.messages).toEqual([]);
    expect(reading.config.section('default')?.entry('x')?.origin).toMatchObject({
      file: `${area.path}/sub/gen (output)`,
      includedFrom: [`${area.path}/megatest.config:1`, `${area.path}/sub/use.cfg:1`],
    });
  });

  it('config 3 a script that is not there', () => {
    expect(area.read('[scriptinc none 1]\nk v\n').messages).toEqual([
      'Script not found or not exectutable: none',
    ]);
  });
});

describe('config 4 helpers', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['#{realpath a/../b}', 'AREA/b'],
    ['#{mtrah}', 'AREA'],
    ['#{rp ~/x}', `${homedir()}/x`],
    [`#{rp ~${userInfo().username}/x}`, `${userInfo().homedir}/x`],
    ['#{rp ~nobody-of-this-name/x}', 'AREA/~nobody-of-this-name/x'],
    ['#{rp /a//b/./c/..}', '/a/b'],
    ['#{shell echo "bare \\"quotes\\""}', 'bare quotes'],
    ['#{sh printf "a\\\\n\\\\nb\\\\n"}', 'a  b'],
    ['#{getenv  V }', 'v'],
    ['#{runconfigs-get X}', '#f'],
    ['a{#{getenv V}}b', 'a{v}b'],
    ['#{get a #{nosuch b}}', '#{get a #{nosuch b}}'],
    ['#{errmsg}', '#{errmsg}'],
    ['#{getenv V', '#{getenv V'],
    ['#{get x}', '#{( get ) x}'],
    ['#{getenv #{getenv W}}', 'v'],
  ];
  it.each(cases)('config 4 %s', (text, wanted) => {
    const [[, value] = []] = values(`k x${text}\n`, {env: env({V: 'v', W: 'V'})}).default ?? [];
    expect(value).toBe(`x${wanted.replace('AREA', area.path)}`);
  });

  it('config 4 an unknown type at the very start of a line stays', () => {
    expect(values('#{nosuch z}\nx#{nosuch z} 1\n')).toEqual({default: [['x#{nosuch', 'z} 1']]});
  });

  it('config 4 a helper that gives itself is given up', () => {
    const reading = area.read('k #{getenv A}\n', {env: env({A: '#{getenv A}'})});
    expect(reading.messages).toEqual([
      `WARNING: ${area.path}/megatest.config:1: gave up expanding this line: 1000 helpers were expanded and there are still more`,
    ]);
  });

  it('config 4 a helper that grows without end is given up', () => {
    const long = 'x'.repeat(1_000_000);
    const reading = area.read('k #{getenv A}\nl 1\n', {env: env({A: `${long}#{getenv A}`})});
    expect(reading.messages).toEqual([
      expect.stringContaining('gave up expanding this line: it grew to more than'),
    ]);
    expect(reading.values).toEqual({default: [['l', '1']]});
  });

  it('config 4 a failed command says so and is empty', () => {
    const reading = area.read('k x#{shell echo out; exit 3}\n');
    expect(reading.values.default).toEqual([['k', 'x']]);
    expect(reading.messages).toEqual([
      expect.stringMatching(/^ERROR: echo out; exit 3 returned bad exit code 3 \(\S+:1:4\)$/),
    ]);
  });

  it('config 4 rget looks in runconfigs when the file itself has nothing', () => {
    const runconfigs = area.read('[default]\nA d\nB d\n[t/1]\nA t\n').config;
    const text = 'x #{rget A}\ny #{rget B}\nz #{rget C}\n';
    expect(values(text, {runconfigs, target: 't/1'}).default?.map(([, value]) => value)).toEqual([
      't',
      'd',
      '#f',
    ]);
  });
});

describe('config 6 env sections', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['-n x', '-n x'],
    ['a\\\\tb', 'a\\tb'],
    ['"a  b"  c', 'a  b c'],
    ['$(echo -n hi) there', 'hi there'],
    ['one; echo two', 'one'],
    ['a | tr a b', 'b'],
    ['$NOPE/x', '/x'],
    ['$' + '{SITE}x $SITE', 'lab7x lab7'],
    ['$TWO', 'two words'],
    ['*.none', '*.none'],
    ["'single'", 'single'],
    [`~${userInfo().username}`, userInfo().homedir],
  ];
  it.each(cases)('config 6 %s', (value, wanted) => {
    const reading = area.read(`[env-override]\nK ${value}\n`, {
      envSections: /env-override/,
      env: env({SITE: 'lab7', TWO: 'two   words'}),
    });
    expect(reading.config.get('env-override', 'K')).toBe(wanted);
    expect(reading.env.K).toBe(wanted);
  });

  it('config 6 keys that no variable can have are stored and not exported', () => {
    const reading = area.read('[env-override]\na:b 1\nA=B 2\n', {envSections: /env-override/});
    expect(reading.values['env-override']).toEqual([
      ['a:b', '1'],
      ['A=B', '2'],
    ]);
    expect(Object.keys(reading.env)).toEqual(['PATH']);
  });

  it('config 6 only the first line of a continued value is evaluated and exported', () => {
    const reading = area.read('[env-override]\nK $V\n  more\n', {
      envSections: /env-override/,
      env: env({V: 'v'}),
    });
    expect(reading.config.get('env-override', 'K')).toBe('v\nmore');
    expect(reading.env.K).toBe('v');
  });

  it('config 6 a [system] value is not exported while reading', () => {
    const reading = area.read('[env-override]\nK [system echo $V]\n', {
      envSections: /env-override/,
      env: env({V: '$X'}),
    });
    expect(reading.config.get('env-override', 'K')).toBe('$X');
    expect(reading.env.K).toBeUndefined();
  });
});

it('config 7 a section name that is no regular expression is dropped', () => {
  const reading = area.read('[a]\nk 1\n[/(/]\nk 2\n[b]\nk 3\n');
  expect(reading.values).toEqual({a: [['k', '1']], b: [['k', '3']]});
  expect(reading.messages).toEqual([
    `ERROR: ${area.path}/megatest.config:3: [/(/] is not a valid regular expression, the section is dropped`,
  ]);
});

describe('bounds of reading', () => {
  it('a binary file is refused with the line of its first zero byte', () => {
    expect(() => area.read('a 1\n\0\x01\x02')).toThrow('this is no text file, there is a zero byte in it');
  });

  it('a line of 20 MB is refused', () => {
    expect(() => area.read(`a 1\nb ${'x'.repeat(20_000_000)}\n`)).toThrow(
      'the line has 20000002 characters, at most 16777216 are allowed',
    );
  });

  it('a line that goes on and on is refused', () => {
    expect(() => area.read(`a ${`${'x'.repeat(1_000_000)}\\\n`.repeat(20)}\n`)).toThrow(
      'the line goes on over more than 16777216 characters',
    );
  });

  it('a command that prints without end is stopped, and reading goes on', () => {
    const reading = area.read('a #{shell yes}\nb 1\n');
    expect(reading.messages[0]).toBe(
      `ERROR: ${area.path}/megatest.config:1: yes was stopped: it printed more than 16 MiB`,
    );
    expect(reading.values.default?.at(-1)).toEqual(['b', '1']);
  });

  it('a device is no file', () => {
    expect(() => area.read('[include /dev/zero]\n')).toThrow('this is no regular file, so it is not read');
    expect(values('[include /dev/null]\nk v\n')).toEqual({default: [['k', 'v']]});
  });

  it('reading ends at its deadline, saying where', () => {
    expect(() => area.read('a 1\n', {deadlineMs: 0})).toThrow('reading took too long and was given up here');
  });
});

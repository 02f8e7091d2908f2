/** The worked examples of config.md 20: one test for each, named by its number. */
import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, describe, expect, it} from 'vitest';
import {exportKeys, isValidTarget, keysOf, loadArea} from './area.ts';
import {usesCache} from './area-cache.ts';
import {expandItems, itemEnvironment} from './items.ts';
import {printConfig} from './print-config.ts';
import {getVariable} from './query.ts';
import type {ReadOptions} from './read-config.ts';
import {type Reading, TemporaryArea} from './reading-rig.ts';
import {checkRequiredTarget, listTargets, loadRunconfig} from './runconfigs.ts';
import {evaluateInShell} from './shell.ts';
import {runTimeLimitS} from './testconfig.ts';

let area = new TemporaryArea();

afterEach(() => {
  area[Symbol.dispose]();
  area = new TemporaryArea();
});

function read(lines: readonly string[], options: Partial<ReadOptions> = {}): Reading {
  return area.read(`${lines.join('\n')}\n`, options);
}

/** `key=value` pairs of one section. */
function section(reading: Reading, name: string): Record<string, string> {
  return Object.fromEntries(reading.values[name] ?? []);
}

describe('config.md 20', () => {
  it('config 20.1 order, default section, trailing blanks', () => {
    const lines = ['site lab7', '', '[build]', 'flags -O2  -g ', '  # note', 'strip', 'jobs 4'];
    expect(read([...lines, 'flags -O0']).values).toEqual({
      default: [['site', 'lab7']],
      build: [
        ['strip', ''],
        ['jobs', '4'],
        ['flags', '-O0'],
      ],
    });
    expect(read(lines).values.build?.[0]).toEqual(['flags', '-O2  -g ']);
  });

  it('config 20.2 continuation', () => {
    const reading = read(['[t]', 'one first \\', 'second', 'two a \\', '   b', '# c \\', 'three x']);
    expect(reading.values).toEqual({
      t: [
        ['one', 'first second'],
        ['two', 'a    b'],
      ],
    });
  });

  it('config 20.3 multi-line value', () => {
    const reading = read(['[doc]', 'text alpha', '   beta', '     gamma', ' delta', 'next 1', '', '   lost']);
    expect(reading.values).toEqual({
      doc: [
        ['text', 'alpha\nbeta\n  gamma\n delta'],
        ['next', '1'],
      ],
    });
    expect(reading.notes).toMatchObject([{kind: 'dropped-line', text: 'lost', origin: {line: 8, column: 4}}]);
  });

  it('config 20.4 logpro blocks', () => {
    const reading = read([
      '[logpro]',
      'compile',
      '  (rule 1)',
      '  # gone',
      '  (rule 2)',
      'link ;; head',
      '\t(rule 3)',
      '    (rule 4)',
    ]);
    expect(reading.values).toEqual({
      logpro: [
        ['compile', '\n(rule 1)'],
        ['link', ';; head\n(rule 3)\n    (rule 4)'],
      ],
    });
  });

  it('config 20.5 headers', () => {
    const reading = read(['[a]', 'X=1', 'Y = 2', '[b c]', ' [d]', 'z 1', '[x] y [z]']);
    expect(reading.values).toEqual({
      a: [
        ['X=1', ''],
        ['Y', '= 2'],
      ],
      'b c': [['z', '1']],
      'x] y [z': [],
    });
  });

  it('config 20.6 lookup helpers', () => {
    const reading = read(
      [
        '[build]',
        'jobs 4',
        '[x]',
        'a #{get build jobs}',
        'b #{g build #{gv KEYNAME}}',
        'c #{getenv SITE}-#{getenv NOSUCH}',
        'd #{g build missing}',
        'e #{ getenv SITE}',
        'f #{nosuch z}',
      ],
      {env: {SITE: 'lab7', KEYNAME: 'jobs'}},
    );
    expect(section(reading, 'x')).toEqual({
      a: '4',
      b: '4',
      c: 'lab7-#f',
      d: '#f',
      e: '#{ getenv SITE}',
      f: '#{nosuch z}',
    });
  });

  it('config 20.7 a helper that makes a whole line', () => {
    const lines = ['[requirements]', '#{getenv WAITLINE}'];
    expect(read(lines, {env: {WAITLINE: 'waiton prep build'}}).values).toEqual({
      requirements: [['waiton', 'prep build']],
    });
    expect(read(lines).values).toEqual({requirements: []});
    expect(read(lines).notes).toEqual([]);
  });

  it('config 20.8 results are expanded again', () => {
    const reading = read(['k #{getenv A1}'], {env: {A1: '#{getenv A2}', A2: 'deep'}});
    expect(section(reading, 'default')).toEqual({k: 'deep'});
  });

  it('config 20.9 commands', () => {
    const reading = read([
      '[s]',
      'a [system printf "x\\ny\\n"]',
      'b #{shell printf \\"x\\\\ny\\\\n\\"}',
      'c #{sh true}',
      'd [system true]',
      'e #{system false}',
      'f pre [system echo no]',
      'g [system echo hi; exit 2]',
    ]);
    expect(section(reading, 's')).toEqual({
      a: 'x y',
      b: 'x y',
      c: ' ',
      d: '',
      e: '1',
      f: 'pre [system echo no]',
      g: 'hi',
    });
    expect(reading.messages).toEqual([
      expect.stringMatching(
        /^ERROR: problem with g \[system echo hi; exit 2\], return code 2 output: hi \(\S+:\d+\)$/,
      ),
    ]);
  });

  it('config 20.10 commands not allowed', () => {
    const reading = read(['[s]', 'a [system echo 1]', 'b #{sh echo 1}', 'c #{getenv SITE}'], {
      commands: 'no',
      env: {SITE: 'lab7'},
    });
    expect(section(reading, 's')).toEqual({b: '#{(sh)  echo 1}', c: 'lab7'});
  });

  it('config 20.11 deferred', () => {
    const {config} = read(['[items]', 'N [system echo a b]', 'M #{shell echo c d}'], {commands: 'deferred'});
    expect(config.section('items')?.entry('N')).toMatchObject({value: 'echo a b', isDeferred: true});
    expect(config.section('items')?.entry('M')).toMatchObject({value: 'c d', isDeferred: false});
  });

  it('config 20.12 helper in a comment', () => {
    const reading = read([
      '[a]',
      `# #{system echo 'made #{shell echo yes}' > ${area.path}/made.cfg}`,
      '[include made.cfg]',
      `# #{ system touch ${area.path}/other}`,
    ]);
    expect(reading.values).toEqual({a: [['made', 'yes']]});
    expect(existsSync(join(area.path, 'other'))).toBe(false);
  });

  it('config 20.13 include', () => {
    area.write('sub/more.cfg', 'inner 1\n[opts]\ndepth 3\n');
    const reading = read([
      '[base]',
      'top 1',
      '[include sub/more.cfg]',
      'after 2',
      '[include sub/none.cfg]',
      'last 3',
    ]);
    expect(reading.values).toEqual({
      base: [
        ['top', '1'],
        ['inner', '1'],
        ['after', '2'],
        ['last', '3'],
      ],
      opts: [['depth', '3']],
    });
  });

  it('config 20.14 scriptinc', () => {
    area.write('tools/gen.sh', '#!/bin/sh\necho "[sizes]"; echo "small $1"; echo "large 9"\n');
    const reading = read(['[base]', 'top 1', '[scriptinc tools/gen.sh 5]', 'after 2']);
    expect(reading.values).toEqual({
      base: [
        ['top', '1'],
        ['after', '2'],
      ],
      sizes: [
        ['small', '5'],
        ['large', '9'],
      ],
    });
  });

  it('config 20.15 env section', () => {
    const reading = read(
      [
        '[env-override]',
        'ROOT_DIR $SITE/area',
        'BIN $ROOT_DIR/bin',
        'MSG  hello   big    world',
        'Q "keep   this"',
        'BLANK',
        '[plain]',
        'RAW $SITE/area',
      ],
      {env: {SITE: 'lab7'}, envSections: /env-override/},
    );
    const wanted = {
      ROOT_DIR: 'lab7/area',
      BIN: 'lab7/area/bin',
      MSG: 'hello big world',
      Q: 'keep   this',
      BLANK: '',
    };
    expect(section(reading, 'env-override')).toEqual(wanted);
    expect(reading.env).toMatchObject(wanted);
    expect(section(reading, 'plain')).toEqual({RAW: '$SITE/area'});
    expect(reading.env.RAW).toBeUndefined();
  });

  it('config 20.16 bad shell text', () => {
    const reading = read(['[env-override]', 'D (bad'], {envSections: /env-override/, env: {D: 'before'}});
    expect(reading.messages).toEqual([
      'ERROR: problem evaluating "(bad" in the shell environment',
      'ERROR: bad value for setenv, key=D, value=#f',
    ]);
    expect(reading.config.get('env-override', 'D')).toBeUndefined();
    expect(reading.config.section('env-override')?.failedKeys).toEqual(['D']);
    expect(reading.env.D).toBe('before');
  });

  it('config 20.17 env section continued with backslashes', () => {
    const lines = ['LIST a \\', '  b \\', '  c'];
    const inside = read(['[env-override]', ...lines], {envSections: /env-override/});
    expect(section(inside, 'env-override')).toEqual({LIST: 'a b c'});
    expect(section(read(['[other]', ...lines]), 'other')).toEqual({LIST: 'a   b   c'});
  });

  it('config 20.18 trim setting', () => {
    const reading = read([
      '[a]',
      'v1 x  ',
      '[configf:settings trim-trailing-spaces yes]',
      'v2 x  ',
      'v3  ',
      '[configf:settings trim-trailing-spaces no]',
      'v4 x  ',
    ]);
    expect(section(reading, 'a')).toEqual({v1: 'x  ', v2: 'x', v3: '', v4: 'x  '});
  });

  it('config 20.19 paths', () => {
    const reading = read(['p #{mtrah ..}', 'q #{rp #{mtrah ../zz}}', 'r #{rp a/./b/../c}']);
    expect(section(reading, 'default')).toEqual({
      p: `${area.path}/..`,
      q: join(area.path, '../zz'),
      r: `${area.path}/a/c`,
    });
  });

  it('config 20.20 wildcards are positional', () => {
    const reading = read([
      '[rel1/x86]',
      'OPT a',
      '[rel2/arm]',
      'OPT b',
      '[rel1/%]',
      'OPT c',
      'EXTRA yes',
      '[rel1/arm]',
      'OPT d',
    ]);
    expect(reading.values).toEqual({
      'rel1/x86': [
        ['OPT', 'c'],
        ['EXTRA', 'yes'],
      ],
      'rel2/arm': [['OPT', 'b']],
      'rel1/arm': [['OPT', 'd']],
    });
  });

  it('config 20.21 regex sections', () => {
    const reading = read([
      '[rel1/x86]',
      'A 1',
      '[default]',
      'A 0',
      '[/rel[0-9]+/x86/]',
      'B 2',
      '[/.*/]',
      'C 3',
    ]);
    expect(section(reading, 'rel1/x86')).toEqual({A: '1', B: '2', C: '3'});
    expect(section(reading, 'default')).toEqual({A: '0', C: '3'});
    expect(Object.keys(reading.values)).toHaveLength(2);
  });

  it('config 20.22 seeded target', () => {
    const reading = read(['[default]', 'A 0', '[rel9/%]', 'B 2'], {
      seed: 'rel9/arm',
      filter: ['default', 'rel9/arm'],
    });
    expect(section(reading, 'rel9/arm')).toEqual({B: '2'});
    expect(section(reading, 'default')).toEqual({A: '0'});
  });

  it('config 20.23 an exact section below a wildcard wins', () => {
    const reading = read(['[rel9/%]', 'B wild', '[rel9/arm]', 'B exact'], {seed: 'rel9/arm'});
    expect(reading.values).toEqual({'rel9/arm': [['B', 'exact']]});
  });

  it('config 20.24 several %', () => {
    const reading = read(['[r1/x/o]', 'A 1', '[%/x/%]', 'B 2']);
    expect(section(reading, 'r1/x/o')).toEqual({A: '1', B: '2'});
  });

  it('config 20.25 rget', () => {
    const lines = [
      '[default]',
      'BASE d',
      'ONLYD z',
      '[rel1/x86]',
      'BASE t',
      'P #{rget BASE}',
      'Q #{rget ONLYD}',
      'R #{rget NOPE}',
    ];
    expect(section(read(lines, {target: 'rel1/x86'}), 'rel1/x86')).toEqual({
      BASE: 't',
      P: 't',
      Q: 'z',
      R: '#f',
    });
    expect(section(read(lines), 'rel1/x86')).toEqual({BASE: 't', P: 'd', Q: 'z', R: '#f'});
  });

  it('config 20.26 filter and commands', () => {
    const log = join(area.path, 'ran');
    const run = (what: string) => `echo ${what} >> ${log}; echo ${what}`;
    const reading = read(
      [
        '[helpers]',
        `DIR #{shell ${run('d')}}`,
        `CMD [system ${run('c')}]`,
        '[default]',
        'X #{get helpers CMD}',
        'Y [system echo y]',
        '[t/1]',
        'Z #{shell echo z}',
        '[t/2]',
        `Q [system ${run('q')}]`,
      ],
      {filter: ['default', 't/1'], seed: 't/1'},
    );
    expect(section(reading, 'default')).toEqual({X: '#f', Y: 'y'});
    expect(section(reading, 't/1')).toEqual({Z: 'z'});
    expect(Object.keys(reading.values).sort()).toEqual(['default', 't/1']);
    expect(existsSync(log)).toBe(false);
  });

  it('config 20.27 scheme', () => {
    const directory = join(area.path, 'q1/q2');
    const lines = [
      '[a]',
      'n #{scheme (+ 5 6 7)}',
      '#{scheme (unsetenv "ZAP")}',
      't #{scheme (case (string->symbol (conc (getenv "Q"))) ((lsf) "bsub") (else "local"))}',
      `d #{scheme (create-directory "${directory}" #t)}`,
      'i #{scheme (string-intersperse (map number->string \\',
      `            (let loop ((a 3)(r '()))(if (> a 0)(loop (- a 1)(cons a r)) r))) " ")}`,
      'p #{scheme (env:min-path "/x:/y" "/y:/z")}',
      'b #{scheme (nosuchproc)}',
      'l x#{scheme (list "u" 2)}',
      'f x#{scheme (> 1 2)}',
    ];
    const reading = read(lines, {env: {ZAP: '1'}});
    expect(section(reading, 'a')).toEqual({
      n: '18',
      t: 'local',
      d: directory,
      i: '1 2 3',
      p: '/x:/y:/z',
      b: '#{( scheme ) (nosuchproc)}',
      l: 'x(u 2)',
      f: 'x#f',
    });
    expect(existsSync(directory)).toBe(true);
    expect(reading.env.ZAP).toBeUndefined();
    expect(reading.messages).toEqual([
      `WARNING: failed to process config input "b #{scheme (nosuchproc)}" (${area.path}/megatest.config:9)`,
      ' message: unbound variable: nosuchproc (not supported)',
    ]);
    expect(section(read(lines, {env: {Q: 'lsf'}}), 'a').t).toBe('bsub');
  });

  describe('config 20.28 items', () => {
    const cases: readonly (readonly [readonly string[], readonly string[], string])[] = [
      [['A x y', 'B 1 2', 'C p q'], [], 'x/1/p x/1/q x/2/p x/2/q y/1/p y/1/q y/2/p y/2/q'],
      [['A x y'], [], 'x y'],
      [[], ['A x y z', 'B 1'], 'x/1 y/- z/-'],
      [['S hot cold'], ['A a b', 'B 1 2'], 'hot cold a/1 b/2'],
      [['A x', 'B'], [], ''],
      [['A'], [], ''],
      [[], ['A x', 'B'], 'x/-'],
      [['A'], ['K v1 v2'], 'v1 v2'],
      [['N lib/1 lib/2'], [], 'lib/1 lib/2'],
      [['A x x y'], [], 'x y'],
    ];
    it.each(cases)('config 20.28 [items] %j [itemstable] %j', (items, table, paths) => {
      const lines = [
        ...(items.length > 0 ? ['[items]', ...items] : []),
        ...(table.length > 0 ? ['[itemstable]', ...table] : []),
      ];
      const outcome = expandItems(read(lines).config, ({value}) => value);
      expect(outcome.isIterated).toBe(true);
      expect(outcome.items.map((item) => item.itemPath).join(' ')).toBe(paths);
    });

    it('config 20.28 an empty section: not iterated, with a warning', () => {
      expect(expandItems(read(['[items]']).config, ({value}) => value)).toEqual({
        isIterated: false,
        items: [],
        duplicates: [],
        warnings: ['WARNING:[items] section in testconfig but no entries defined'],
      });
    });

    it('config 20.28 the environment of the first item', () => {
      const {items} = expandItems(read(['[items]', 'A x y', 'B 1 2', 'C p q']).config, ({value}) => value);
      const [first] = items;
      expect(first === undefined ? undefined : itemEnvironment(first)).toEqual({
        A: 'x',
        B: '1',
        C: 'p',
        MT_ITEMPATH: 'x/1/p',
        MT_ITEM_INFO: '((A x) (B 1) (C p))',
      });
      expect(JSON.parse(JSON.stringify(first))).toEqual({
        itemPath: 'x/1/p',
        vars: [
          ['A', 'x'],
          ['B', '1'],
          ['C', 'p'],
        ],
      });
    });
  });

  it('config 20.29 target checks', () => {
    const keys = keysOf(read(['[fields]', 'REL TEXT', 'ARCH TEXT']).config);
    const valid = ['r1/x86', '%/%', 'r1', 'r1/x86/z', 'r1/', '/x86', 'r1//x86'].filter((target) =>
      isValidTarget(target, keys),
    );
    expect(valid).toEqual(['r1/x86', '%/%']);
    const moved = keysOf(read(['[fields]', 'REL TEXT', 'ARCH TEXT', 'REL TEXT']).config);
    expect(moved.map((key) => key.name)).toEqual(['ARCH', 'REL']);
  });

  it('config 20.30 -list-targets', () => {
    const loaded = loadedArea('[fields]\nREL TEXT\nARCH TEXT\n[setup]\nlinktree lt\n', 'r1/x86');
    area.write('runconfigs.config', '[default]\n[r1/x86]\n[r1/%]\n[misc]\n');
    expect(listTargets(loaded)).toEqual(['default', 'misc', 'r1/x86']);
    expect(listTargets(loaded, 'r1/%,zz')).toEqual(['r1/x86']);
    expect(() => checkRequiredTarget(loaded, 'r1/arm')).toThrow(/^\[r1\/arm\] not found in /);
  });

  it('config 20.31 -show-runconfig', () => {
    const loaded = loadedArea('[fields]\nREL TEXT\nARCH TEXT\n[setup]\nlinktree lt\n', 'r1/x86');
    area.write('runconfigs.config', '[default]\nA 1\n[r1/x86]\nB 2\n[r2/x86]\nC 3\n');
    const {config} = loadRunconfig(loaded);
    expect(printConfig(config, 'ini')).toBe('\n[default]\nA 1\n\n[r1/x86]\nB 2\n');
    expect(printConfig(config, 'json')).toBe('{"default":[["A","1"]],"r1/x86":[["B","2"]]}\n');
    expect(getVariable(config, 'r1/x86', 'A')).toBe('1');
    expect(getVariable(config, 'r1/x86', 'Z')).toBeUndefined();
  });

  it('config 20.32 variables in the test', () => {
    const loaded = loadedArea('[fields]\nREL TEXT\nARCH TEXT\n[setup]\nlinktree lt\n', 'r1/x86');
    area.write(
      'runconfigs.config',
      '[default]\nOUT /out/$REL\nLOGS $OUT/logs\nNAME two   words\n[r1/x86]\nOUT /fast/$ARCH\n',
    );
    const {config, variables} = loadRunconfig(loaded);
    const env = {...loaded.env};
    exportKeys(loaded.keys, 'r1/x86', env);
    for (const name of ['default', 'r1/x86']) {
      for (const {key, value} of config.entries(name)) {
        env[key] = evaluateInShell(value, env, area.path) ?? value;
      }
    }
    expect(env).toMatchObject({OUT: '/fast/x86', LOGS: '/out/r1/logs', NAME: 'two words'});
    expect(variables.get('LOGS')).toBe('$OUT/logs');
  });

  it('config 20.33 inline comment', () => {
    const loaded = loadedArea('[fields]\nREL TEXT\n[setup]\nlinktree lt\n', 'r1');
    const {config} = read(['[requirements]', 'runtimelim 1h 2m # hard']);
    expect(config.get('requirements', 'runtimelim')).toBe('1h 2m # hard');
    expect(runTimeLimitS(loaded, config)).toBe(3720);
  });

  it('config 20.34 caching decision', () => {
    expect(usesCache({MT_USE_CACHE: 'yes'}, false, 'no')).toBe(true);
    expect(usesCache({}, true, 'yes')).toBe(false);
    expect(usesCache({MT_USE_CACHE: 'yes'}, true, undefined)).toBe(true);
    expect(usesCache({}, false, undefined)).toBe(true);
  });
});

function loadedArea(text: string, target: string) {
  area.write('megatest.config', text);
  return loadArea(area.path, {env: {PATH: process.env.PATH ?? ''}, cwd: area.path, target});
}

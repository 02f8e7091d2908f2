/** Areas: how often files are read, what is exported, caches (config.md 8, 9, 12, 15). */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {areaName, findArea, loadArea} from './area.ts';
import {
  cacheFile,
  cleanCache,
  configFromJson,
  readCache,
  testconfigCacheFile,
  writeCache,
} from './area-cache.ts';
import {Config} from './config.ts';
import {findTests} from './find-tests.ts';
import {printOrigins} from './origins.ts';
import {TemporaryArea} from './reading-rig.ts';
import {expandItemsNow, readTestDefinition} from './testconfig.ts';

let area: TemporaryArea;
beforeEach(() => {
  area = new TemporaryArea();
});
afterEach(() => area[Symbol.dispose]());

const env = {PATH: process.env.PATH ?? ''};

function load(text: string, target?: string) {
  const messages: string[] = [];
  area.write('megatest.config', text);
  const loaded = loadArea(area.path, {
    env,
    cwd: area.path,
    ...(target === undefined ? {} : {target}),
    say: (level, message) => {
      if (level === 0) {
        messages.push(message);
      }
    },
  });
  return {loaded, messages};
}

/** How many lines the commands of the config wrote. */
function runs(): number {
  try {
    return readFileSync(join(area.path, 'ran'), 'utf8').split('\n').length - 1;
  } catch {
    return 0;
  }
}

describe('config 8 how often megatest.config is evaluated', () => {
  const setup = '[setup]\nlinktree #{shell echo x >> ran; echo lt}\n';
  const fields = '[fields]\nREL TEXT\n';

  it('config 8 once when [fields] come first', () => {
    load(`${fields}${setup}`, 'r1');
    expect(runs()).toBe(1);
  });

  it('config 8 once when nothing before [fields] looks at the environment', () => {
    load(`[misc]\na #{getenv HOME}\n${fields}${setup}`, 'r1');
    expect(runs()).toBe(1);
  });

  it('config 8 twice when a command before [fields] may have looked at a key, and what it said is said once', () => {
    const {loaded, messages} = load(`${setup}[misc]\na #{getenv REL}\nb #{sh exit 1}\n${fields}`, 'r1');
    expect(runs()).toBe(2);
    expect(loaded.config.get('misc', 'a')).toBe('r1');
    expect(messages).toEqual([
      expect.stringMatching(/^ERROR: exit 1 returned bad exit code 1 \(\S+megatest\.config:\d+:\d+\)$/),
    ]);
  });

  it('config 8 once without a target', () => {
    load(`${setup}${fields}`);
    expect(runs()).toBe(1);
  });

  it('config 8 an env section that extends PATH is not doubled by the second pass', () => {
    const {loaded} = load(
      `[env-override]\nPATH #{getenv PATH}:/x\n${fields}[setup]\nlinktree lt\n${''}`,
      'r1',
    );
    expect(loaded.env.PATH).toBe(`${env.PATH}:/x`);
    expect(process.env.PATH).toBe(env.PATH);
  });

  it('config 4.3 rget in megatest.config looks into the runconfigs, for the target', () => {
    area.write('runconfigs.config', '[default]\nA 0\nB #{getenv REL}\n[r1]\nA 1\n[r2]\nA 2\n');
    const text = `${fields}${setup}[misc]\na #{rget A}-#{rget B}-#{rget C}\n`;
    expect(load(text, 'r1').loaded.config.get('misc', 'a')).toBe('1-r1-#f');
    expect(load(text).loaded.config.get('misc', 'a')).toMatch(/^0-/);
    expect(load(`${fields}${setup}#{rget C}\n`, 'r1').messages).toEqual([]);
  });

  it('config 8 [fields] in an include take effect before the next section', () => {
    area.write('fields.cfg', '[fields]\nREL TEXT\n');
    const {loaded} = load('[include fields.cfg]\n[setup]\nlinktree /l/#{getenv REL}\n', 'r1');
    expect(loaded.linkTree).toBe('/l/r1');
  });
});

describe('config 8 finding and naming an area', () => {
  it('config 8 upwards from the directory, or where MT_RUN_AREA_HOME says', () => {
    area.write('megatest.config', '');
    area.write('a/b/x', '');
    expect(findArea({}, join(area.path, 'a/b'))).toBe(area.path);
    expect(findArea({MT_RUN_AREA_HOME: area.path}, '/')).toBe(area.path);
    expect(() => findArea({}, '/')).toThrow('No megatest.config file found. Giving up.');
  });

  it('config 8 the name', () => {
    const config = new Config();
    expect(areaName('/w/my.area.git', config, {})).toBe('my.area');
    expect(areaName('/w/x', config, {MT_TESTSUITE_NAME: 'env'})).toBe('env');
  });

  it('config 8 a link tree that is not configured is lt in the area, with a message', () => {
    const {loaded, messages} = load('[fields]\nREL TEXT\n');
    expect(loaded.linkTree).toBe(join(area.path, 'lt'));
    expect(messages).toEqual(['ERROR: linktree not defined in [setup] section of megatest.config']);
  });

  it('config 9 a wrong number of parts exports nothing', () => {
    const {loaded, messages} = load('[fields]\nREL TEXT\nARCH TEXT\n[setup]\nlinktree lt\n', 'r1');
    expect(loaded.env.REL).toBeUndefined();
    expect(messages).toEqual(['ERROR: wrong number of values in r1, should match (REL ARCH)']);
  });

  it('config 9 reserved names are refused with their place', () => {
    expect(() => load('[fields]\nOwner TEXT\n')).toThrow('your key cannot be named Owner');
  });

  it('config 9 the type of a key is TEXT unless it begins with a type', () => {
    const {loaded} = load("[fields]\nA TEXT DEFAULT 'x'\nB the release\n[setup]\nlinktree lt\n");
    expect(loaded.keys).toEqual([
      {name: 'A', type: "TEXT DEFAULT 'x'"},
      {name: 'B', type: 'TEXT'},
    ]);
  });

  it('config 8 -append-config replaces values and executes its commands', () => {
    area.write('megatest.config', '[fields]\nA TEXT\n[setup]\nlinktree lt\nx 1\n');
    area.write('extra.cfg', '[setup]\nx #{shell echo 2}\n');
    const loaded = loadArea(area.path, {env, cwd: area.path, appendConfig: 'extra.cfg'});
    expect(loaded.config.section('setup')?.entry('x')).toMatchObject({value: '2', replaced: {value: '1'}});
    expect(() => loadArea(area.path, {env, cwd: area.path, appendConfig: 'none.cfg'})).not.toThrow();
  });
});

describe('config 12 tests', () => {
  const text = '[fields]\nA TEXT\n[setup]\nlinktree lt\n[tests-paths]\nmine more\ngone none\n';

  it('config 12 the first directory that has a name wins; hidden directories and files are no tests', () => {
    for (const name of ['more/one', 'tests/one', 'tests/two', 'tests/.hidden']) {
      area.write(`${name}/testconfig`, '');
    }
    area.write('tests/empty/x', '');
    area.write('tests/README', 'no test');
    const {loaded, messages} = load(text, 'a');
    expect([...findTests(loaded)]).toEqual([
      ['one', join(area.path, 'more/one')],
      ['two', join(area.path, 'tests/two')],
    ]);
    expect(messages).toEqual([
      `WARNING: problem with directory ${join(area.path, 'none')}, dropping it from tests path`,
    ]);
    findTests(loaded);
    expect(messages).toHaveLength(1);
  });

  it('config 12 items of commands are expanded later, those of helpers at once', () => {
    const {loaded} = load('[fields]\nA TEXT\n[setup]\nlinktree lt\n', 'a');
    const file = area.write(
      'tests/t/testconfig',
      '[requirements]\nwaiton x\npriority high\nmode itemwait\nretries 2 5s\n[items]\nN [system cat made]\nM #{shell echo p q}\n',
    );
    const testDir = join(file, '..');
    const said: string[] = [];
    const scanned = {
      ...loaded,
      options: {...loaded.options, say: (_: number, line: string) => said.push(line)},
    };
    const definition = readTestDefinition(scanned, 't', testDir, loaded.env);
    expect(definition).toMatchObject({
      iterated: 'later',
      items: [],
      waitons: ['x'],
      modes: ['itemwait'],
      retry: {count: 2, delayS: 5},
    });
    expect(said).toEqual([`ERROR: bad priority value high, using 0 (${file}:3)`]);
    area.write('made', '1 2\n');
    const {items} = expandItemsNow(loaded, 't', testDir, loaded.env);
    expect(items.map((item) => item.itemPath)).toEqual(['1/p', '1/q', '2/p', '2/q']);
  });
});

it('config 12 a testconfig that is gone', () => {
  const {loaded} = load('[fields]\nA TEXT\n[setup]\nlinktree lt\n', 'a');
  expect(() => readTestDefinition(loaded, 'x', join(area.path, 'tests/x'), loaded.env)).toThrow(
    'non-existent required test "x"',
  );
});

describe('config 15 caches', () => {
  const place = () => ({linkTree: join(area.path, 'lt'), target: 'r1/x', runName: 'run'});

  it('config 15 what is written is read again, and -clean-cache removes it', () => {
    const {config} = area.read('[setup]\na 0\nb 2\na 1\nblock\n  x\n[env-override]\nB (bad\n[t]\n', {
      envSections: /env-override/,
    });
    const file = cacheFile('megatest', place(), {path: area.path, version: '2.0'});
    expect(file).toMatch(/\/lt\/r1\/x\/run\/\.megatest\.cfg-2\.0-[0-9a-f]{12}$/);
    expect(writeCache(file, config, {})).toBe(true);
    expect(writeCache(testconfigCacheFile(place(), 't', 'a/b'), config, {})).toBe(true);
    const read = readCache(file);
    expect(read?.sections.map(({name, entries, failedKeys}) => [name, entries, failedKeys])).toEqual(
      config.sections.map(({name, entries, failedKeys}) => [name, entries, failedKeys]),
    );
    expect(printOrigins(read ?? new Config())).toBe(printOrigins(config));
    expect(cleanCache(place())).toEqual([file]);
    expect(readdirSync(join(area.path, 'lt/r1/x/run'))).toEqual(['t']);
    expect(cleanCache(place())).toEqual([]);
  });

  it('config 15 inside a test gives the same area as the files did', () => {
    const text =
      '[fields]\nA TEXT\nB TEXT\n[setup]\nlinktree lt\n[env-override]\nGIVEN #{getenv A}\n[x]\ny 1\n';
    const {loaded} = load(text, 'r1/x');
    const of = {path: loaded.path, version: '2.0'};
    const inTest = {
      ...env,
      MT_RUN_AREA_HOME: loaded.path,
      MT_LINKTREE: place().linkTree,
      MT_TARGET: 'r1/x',
      MT_RUNNAME: 'run',
    };
    writeCache(cacheFile('megatest', place(), of), loaded.config, {});
    area.write('megatest.config', '[fields]\nA TEXT\n');
    const again = (more: Readonly<Record<string, string>> = {}, version = '2.0') =>
      loadArea(loaded.path, {
        env: {...inTest, ...more},
        cwd: loaded.path,
        target: 'r1/x',
        runName: 'run',
        caches: {version, isSwitchedOff: false},
      });
    const kept = again();
    expect(kept.keys).toEqual(loaded.keys);
    expect(kept.env).toEqual({...loaded.env, ...inTest});
    expect(kept.config.get('x', 'y')).toBe('1');
    expect(again({MT_USE_CACHE: 'no'}).keys).toHaveLength(1);
    expect(again({MT_RUNNAME: ''}).keys).toHaveLength(1);
    expect(again({}, '2.1').keys).toHaveLength(1);
  });

  it('config 15 a process inside a test writes none', () => {
    const file = cacheFile('runconfigs', place(), {path: area.path, version: '2.0', testName: 't'});
    expect(writeCache(file, new Config(), {MT_CMDINFO: 'x'})).toBe(false);
    expect(readCache(file)).toBeUndefined();
  });

  it('config 15 a cache that says use-cache no, or that is broken, is no cache', () => {
    const file = area.write('cache', 'broken');
    expect(readCache(file)).toBeUndefined();
    writeCache(file, area.read('[setup]\nuse-cache no\n').config, {});
    expect(readCache(file)).toBeUndefined();
    expect(readCache(file, {MT_USE_CACHE: 'yes'})).toBeDefined();
    expect(configFromJson('{"format": 0, "sections": []}')).toBeUndefined();
  });
});

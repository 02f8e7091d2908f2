/** `megatest init` and `megatest new test`: an area, or a test in it, that passes as it is. */
import {chmodSync, existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {UserError} from '@megatest/model';

export type AreaScaffold = {
  readonly directory: string;
  readonly keys: readonly string[];
  readonly runs: string;
  readonly links: string;
};

/** Makes an area with one passing test; files that are there are left alone, and a config that is there is refused. */
export function makeArea(area: AreaScaffold): readonly string[] {
  const directory = resolve(area.directory);
  const config = join(directory, 'megatest.config');
  if (existsSync(config)) {
    throw new UserError(`${directory} is an area already`, {place: {file: config}, exitCode: 2});
  }
  const wrong = area.keys.find((key) => !/^[A-Za-z_]\w*$/.test(key));
  if (area.keys.length === 0 || wrong !== undefined) {
    throw new UserError(`a key is a name of letters, digits and _, not "${wrong ?? ''}"`, {
      hint: 'for example --keys PLATFORM/RELEASE',
      exitCode: 2,
    });
  }
  const inArea = (path: string) => (path.startsWith('/') ? path : `#{getenv MT_RUN_AREA_HOME}/${path}`);
  const target = area.keys.map((key) => `my-${key.toLowerCase()}`).join('/');
  mkdirSync(resolve(directory, area.runs), {recursive: true});
  const written = [
    write(
      config,
      `# What runs here and where. See docs/ for every section.
[fields]
${area.keys.map((key) => `${key} TEXT`).join('\n')}

[setup]
linktree             ${inArea(area.links)}
max_concurrent_jobs  4

[disks]
disk0 ${inArea(area.runs)}
`,
    ),
    write(
      join(directory, 'runconfigs.config'),
      `# Variables for the tests: [default] for every target, then a section for each target.
[default]
GREETING hello

[${target}]
GREETING hello from ${target}
`,
    ),
  ];
  return [
    ...written,
    ...makeTest(directory, {
      name: 'first',
      description: 'a first test',
      waitons: [],
      priority: undefined,
      steps: [],
      items: [],
    }),
  ];
}

export type TestScaffold = {
  readonly name: string;
  readonly description: string;
  readonly waitons: readonly string[];
  readonly priority: number | undefined;
  /** `name=command`; none: one step that runs a script which is made too. */
  readonly steps: readonly string[];
  /** `VAR=v1,v2`. */
  readonly items: readonly string[];
};

export function makeTest(areaPath: string, test: TestScaffold): readonly string[] {
  const {name, description, waitons, priority, steps, items} = test;
  if (!/^[\w][\w.-]*$/.test(name)) {
    throw new UserError(`a test is named by letters, digits, _, - and ., not "${name}"`, {exitCode: 2});
  }
  const directory = join(areaPath, 'tests', name);
  if (existsSync(join(directory, 'testconfig'))) {
    throw new UserError(`there is a test ${name} already`, {
      place: {file: join(directory, 'testconfig')},
      exitCode: 2,
    });
  }
  mkdirSync(directory, {recursive: true});
  const pairs = (texts: readonly string[], what: string) =>
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) {
        throw new UserError(`${what} is given as name=value, not "${text}"`, {exitCode: 2});
      }
      return [text.slice(0, at), text.slice(at + 1)] as const;
    });
  const stepLines = pairs(steps, '--step').map(([step, command]) => `${step} ${command}`);
  const itemLines = pairs(items, '--item').map(([key, values]) => `${key} ${values.replaceAll(',', ' ')}`);
  const requirements = [
    ...(waitons.length > 0 ? [`waiton ${waitons.join(' ')}`] : []),
    ...(priority === undefined ? [] : [`priority ${priority}`]),
  ];
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? '' : `[${title}]\n${lines.join('\n')}\n\n`;
  const written: string[] = [];
  if (stepLines.length === 0) {
    const script = join(directory, 'main.sh');
    written.push(write(script, `#!/bin/sh\necho "$MT_TEST_NAME \${MT_ITEMPATH:-} says: $GREETING"\n`));
    chmodSync(script, 0o755);
    stepLines.push('main ./main.sh');
  }
  const config =
    section('requirements', requirements) +
    section('items', itemLines) +
    section('ezsteps', stepLines) +
    `[test_meta]\ndescription ${description}\n`;
  written.push(write(join(directory, 'testconfig'), config));
  return written;
}

function write(path: string, text: string): string {
  if (!existsSync(path)) {
    writeFileSync(path, text);
  }
  return path;
}

/**
 * Wall time per no-op test: N items, one ezstep `true`, two slots, everything recorded; beside the bare floor (a Node loop
 * that makes the same files and spawns the same shell) and the tools that users would pick instead, on equal work.
 *
 * Options: `--sizes 200,1000,5000`, `--rounds 5`, `--without snakemake,...`. The rounds alternate between the tools, so that
 * a slow minute of the machine meets all of them.
 */
import {execFileSync, spawn} from 'node:child_process';
import {closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {median, type Row} from './report.ts';

/** A tool that does `size` no-op tasks with two slots below `directory`. */
type Tool = {
  readonly name: string;
  readonly maxSize: number;
  run(directory: string, size: number): Promise<void>;
};

const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
const megatest = join(checkout, 'packages/cli/bin/megatest');

export async function overhead(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {
      sizes: {type: 'string', default: '200,1000,5000'},
      rounds: {type: 'string', default: '5'},
      without: {type: 'string', default: ''},
    },
  });
  const sizes = values.sizes.split(',').map(Number);
  const rounds = Number(values.rounds);
  const without = values.without.split(',');
  const tools = [ours, floor, ninja, parallel, snakemake].filter(
    (tool) => !without.includes(tool.name) && isThere(tool),
  );
  const folder = mkdtempSync('/tmp/megatest-bench-');
  try {
    return rowsOf(sizes, tools, await measure(tools, sizes, rounds, folder));
  } finally {
    // Not after each round: ext4 without a journal takes far longer to make a file for minutes after many were removed.
    rmSync(folder, {recursive: true, force: true});
  }
}

/** Milliseconds per task, by name and size. */
async function measure(
  tools: readonly Tool[],
  sizes: readonly number[],
  rounds: number,
  folder: string,
): Promise<ReadonlyMap<string, number>> {
  const perTask = new Map<string, number>();
  for (const size of sizes) {
    const times = new Map<string, number[]>(tools.map((tool) => [tool.name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const tool of tools) {
        if (size <= tool.maxSize) {
          times.get(tool.name)?.push(await timeOf(tool, size, folder));
        }
      }
    }
    for (const [name, list] of times) {
      if (list.length > 0) {
        perTask.set(`${name} ${size}`, median(list) / size);
        console.error(
          `  ${name} N=${size}: ${(median(list) / size).toFixed(2)} ms per task (${list.map((ms) => (ms / size).toFixed(2)).join(' ')})`,
        );
      }
    }
  }
  return perTask;
}

function rowsOf(
  sizes: readonly number[],
  tools: readonly Tool[],
  perTask: ReadonlyMap<string, number>,
): readonly Row[] {
  const targets: Readonly<Record<string, string>> = {
    floor: '<= 2',
    ninja: '',
    parallel: '< 1',
    snakemake: '<= 0.2',
  };
  const rows: Row[] = [];
  for (const size of sizes) {
    for (const tool of tools) {
      const oursMs = perTask.get(`megatest ${size}`);
      const otherMs = perTask.get(`${tool.name} ${size}`);
      if (tool !== ours && oursMs !== undefined && otherMs !== undefined) {
        rows.push({
          what: `per test, N=${size}`,
          ours: oursMs,
          reference: tool.name,
          referenceValue: otherMs,
          unit: 'ms',
          target: targets[tool.name] ?? '',
        });
      }
    }
  }
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)];
  const [few, many] = [perTask.get(`megatest ${smallest}`), perTask.get(`megatest ${largest}`)];
  if (smallest !== largest && few !== undefined && many !== undefined) {
    rows.push({
      what: `growth, N=${largest}`,
      ours: many,
      reference: `N=${smallest}`,
      referenceValue: few,
      unit: 'ms',
      target: '<= 1.15',
    });
  }
  return rows;
}

async function timeOf(tool: Tool, size: number, folder: string): Promise<number> {
  const directory = mkdtempSync(join(folder, 'round-'));
  await prepareArea(tool, directory, size);
  const start = performance.now();
  await tool.run(directory, size);
  const time = performance.now() - start;
  cleanUp(tool, directory);
  return time;
}

/** The daemon and the manager are up before the clock starts, as they are for every run but the first. */
async function prepareArea(tool: Tool, directory: string, size: number): Promise<void> {
  if (tool !== ours) {
    return;
  }
  mkdirSync(join(directory, 'tests/noop'), {recursive: true});
  mkdirSync(join(directory, 'tests/warm'), {recursive: true});
  mkdirSync(join(directory, 'runs'));
  writeFileSync(
    join(directory, 'megatest.config'),
    `[fields]\nKIND TEXT\n[setup]\nmax_concurrent_jobs 2\nminspace 1\ndbdir-space-required 1\nlinktree ${directory}/links\n[disks]\ndisk0 ${directory}/runs\n`,
  );
  writeFileSync(join(directory, 'runconfigs.config'), '[default]\n');
  const numbers = Array.from({length: size}, (_, index) => index + 1).join(' ');
  writeFileSync(join(directory, 'tests/noop/testconfig'), `[items]\nN ${numbers}\n[ezsteps]\nstep true\n`);
  writeFileSync(join(directory, 'tests/warm/testconfig'), '[ezsteps]\nstep true\n');
  await run(directory, megatest, [
    '-run',
    '-target',
    'x',
    '-runname',
    'warm',
    '-testpatt',
    'warm',
    '-run-wait',
  ]);
}

function cleanUp(tool: Tool, directory: string): void {
  if (tool === ours) {
    execFileSync(megatest, ['-kill-servers'], {cwd: directory, stdio: 'ignore'});
  }
}

const ours: Tool = {
  name: 'megatest',
  maxSize: Number.POSITIVE_INFINITY,
  run: (directory) =>
    run(directory, megatest, ['-run', '-target', 'x', '-runname', 'r', '-testpatt', 'noop', '-run-wait']),
};

/** What no tool can avoid: the directory, the link, the environment files, the log, and the shell that runs the step. */
const floor: Tool = {
  name: 'floor',
  maxSize: Number.POSITIVE_INFINITY,
  async run(directory, size) {
    mkdirSync(join(directory, 'links'));
    const environment = Object.entries(process.env);
    const sh = environment.map(([name, value]) => `export ${name}=${value}\n`).join('');
    const csh = environment.map(([name, value]) => `setenv ${name} ${value}\n`).join('');
    let next = 0;
    const worker = async () => {
      while (next < size) {
        next += 1;
        const folder = join(directory, 'runs', String(next));
        mkdirSync(folder, {recursive: true});
        symlinkSync(folder, join(directory, 'links', String(next)));
        writeFileSync(join(folder, 'testconfig'), '[ezsteps]\nstep true\n');
        writeFileSync(join(folder, 'megatest.sh'), sh);
        writeFileSync(join(folder, 'megatest.csh'), csh);
        const log = openSync(join(folder, 'step.log'), 'w');
        await new Promise((resolve) => {
          spawn('/bin/sh', ['-c', 'true'], {cwd: folder, detached: true, stdio: ['ignore', log, log]}).once(
            'exit',
            resolve,
          );
        });
        closeSync(log);
        writeFileSync(join(folder, 'test-summary.html'), '<html></html>\n');
      }
    };
    await Promise.all([worker(), worker()]);
  },
};

const ninja: Tool = {
  name: 'ninja',
  maxSize: Number.POSITIVE_INFINITY,
  async run(directory, size) {
    const builds = Array.from({length: size}, (_, index) => `build logs/${index + 1}.log: noop`).join('\n');
    writeFileSync(join(directory, 'build.ninja'), `rule noop\n  command = true > $out 2>&1\n${builds}\n`);
    await run(directory, 'ninja', ['-j', '2']);
  },
};

const parallel: Tool = {
  name: 'parallel',
  maxSize: Number.POSITIVE_INFINITY,
  async run(directory, size) {
    mkdirSync(join(directory, 'logs'));
    await run(directory, 'sh', ['-c', `seq 1 ${size} | parallel -j 2 'true > logs/{}.log 2>&1'`]);
  },
};

const snakemake: Tool = {
  name: 'snakemake',
  // 45 ms per task and growing: larger sizes would take most of an hour without telling more.
  maxSize: 1000,
  async run(directory, size) {
    writeFileSync(
      join(directory, 'Snakefile'),
      `rule all:\n    input: expand("logs/{n}.log", n=range(${size}))\nrule noop:\n    output: "logs/{n}.log"\n    shell: "true > {output} 2>&1"\n`,
    );
    await run(directory, 'snakemake', ['--cores', '2', '--quiet']);
  },
};

function isThere(tool: Tool): boolean {
  if (tool === ours || tool === floor) {
    return true;
  }
  try {
    execFileSync(tool.name, ['--version'], {stdio: 'ignore'});
    return true;
  } catch {
    console.error(`  ${tool.name} is not installed here: left out`);
    return false;
  }
}

async function run(directory: string, program: string, words: readonly string[]): Promise<void> {
  const log = openSync(join(directory, 'tool.log'), 'a');
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, words, {cwd: directory, stdio: ['ignore', log, log]});
    child.once('error', reject);
    child.once('exit', resolve);
  });
  closeSync(log);
  if (code !== 0) {
    throw new Error(
      `${program} ended with ${code}: ${execFileSync('tail', ['-n', '5', join(directory, 'tool.log')], {encoding: 'utf8'})}`,
    );
  }
}

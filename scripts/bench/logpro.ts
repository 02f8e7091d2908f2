/**
 * The log checker on a large log with 20 rules, beside `grep -cE` with the alternation of the same patterns; and whether its
 * memory stays the same from 10 MB to the large one.
 *
 * Options: `--size 200` (MB; 1000 for the figure of the targets), `--rounds 5`. The rounds alternate between the two, so that a
 * slow minute of the machine meets both.
 */
import {spawn} from 'node:child_process';
import {closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import {parseArgs} from 'node:util';
import {median, type Row} from './report.ts';

/** Rules, and their patterns as `grep -E` writes them. Few lines match, as in real logs. */
const rules: readonly (readonly [rule: string, pattern: string, grep: string])[] = [
  ['ignore >= 0', '/error budget/', 'error budget'],
  ['required >= 0', '/^done in \\d+ s$/', '^done in [0-9]+ s$'],
  ['warning = 0', '/warn/i', '[wW][aA][rR][nN]'],
  ['error = 0', '/ERROR/', 'ERROR'],
  ['error = 0', '/error/i', '[eE][rR][rR][oO][rR]'],
  ['abort = 0', '/FATAL|panic/', 'FATAL|panic'],
  [
    'abort = 0',
    '/segmentation fault/i',
    '[sS][eE][gG][mM][eE][nN][tT][aA][tT][iI][oO][nN] [fF][aA][uU][lL][tT]',
  ],
  ['error = 0', '/^\\s*FAIL: \\w+/', '^[ \\t]*FAIL: [A-Za-z0-9_]+'],
  ['error = 0', '/Traceback/', 'Traceback'],
  ['error = 0', '/undefined reference to/', 'undefined reference to'],
  ['error = 0', '/assert(ion)? failed/', 'assert(ion)? failed'],
  ['error = 0', '/timed? out/', 'timed? out'],
  ['check = 0', '/licen[sc]e/', 'licen[sc]e'],
  ['required >= 0', '/vout=([\\d.]+)/', 'vout=[0-9.]+'],
  ['required >= 0', '/took (\\d+) ms/', 'took [0-9]+ ms'],
  ['ignore >= 0', '/^retry/', '^retry'],
  ['error = 0', '/No such file/', 'No such file'],
  ['abort = 0', '/core dumped/', 'core dumped'],
  ['error = 0', '/slack -\\d+/', 'slack -[0-9]+'],
  ['error = 0', '/[0-9]+ errors? found/', '[0-9]+ errors? found'],
];
const smallBytes = 10e6;

const checkout = process.env.MEGATEST_CHECKOUT ?? process.cwd();
const command = join(checkout, 'packages/cli/dist/logpro.js');
/** Has the command say at its end how much memory it took at most, in KiB. */
const tellsMemory = `data:text/javascript,import {writeSync} from 'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)))`;

export async function logpro(options: readonly string[]): Promise<readonly Row[]> {
  const {values} = parseArgs({
    args: [...options],
    options: {size: {type: 'string', default: '200'}, rounds: {type: 'string', default: '5'}},
  });
  const bytes = Number(values.size) * 1e6;
  const directory = mkdtempSync('/tmp/megatest-bench-');
  try {
    const [large, small] = [join(directory, 'large.log'), join(directory, 'small.log')];
    writeLog(large, bytes);
    writeLog(small, smallBytes);
    writeFileSync(join(directory, 'r.logpro'), rules.map(ruleText).join(''));
    const grep = () => run(directory, ['grep', '-cE', rules.map((rule) => rule[2]).join('|')], large);
    const ours = (log: string, more: readonly string[] = []) =>
      run(directory, [process.execPath, '--import', tellsMemory, command, 'r.logpro', ...more], log);
    const runs = {plain: [] as Ended[], report: [] as Ended[], grep: [] as Ended[], small: [] as Ended[]};
    for (let round = 0; round < Number(values.rounds); round += 1) {
      runs.grep.push(await grep());
      runs.plain.push(await ours(large));
      runs.report.push(await ours(large, ['out.html']));
      runs.small.push(await ours(small));
    }
    const speed = (ended: readonly Ended[]) => bytes / 1e3 / median(ended.map(({ms}) => ms));
    const memory = (ended: readonly Ended[]) => median(ended.map(({maxKiB}) => maxKiB)) / 1024;
    const reference = {reference: 'grep -cE', referenceValue: speed(runs.grep), unit: 'MB/s'};
    return [
      {what: `${values.size} MB, 20 rules`, ours: speed(runs.plain), ...reference, target: '>= 0.3'},
      {what: `${values.size} MB, with report`, ours: speed(runs.report), ...reference, target: ''},
      {
        what: `memory, ${values.size} MB`,
        ours: memory(runs.plain),
        reference: '10 MB',
        referenceValue: memory(runs.small),
        unit: 'MiB',
        target: '<= 1.1',
      },
    ];
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
}

function ruleText([rule, pattern]: (typeof rules)[number], number: number): string {
  const [kind, comparison, count] = rule.split(' ');
  return `(expect:${kind} in "LogFileBody" ${comparison} ${count} "rule ${number}" #${pattern})\n`;
}

/** Lines of a build and a simulation, the same ones in every run; one in ten thousand is of interest to a rule. */
function writeLog(path: string, bytes: number): void {
  const words =
    'compile link module cache object reading writing netlist cell timing path clock buffer net layer'.split(
      ' ',
    );
  let seed = 12345;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  const file = openSync(path, 'w');
  let lines = 0;
  for (let written = 0; written < bytes; ) {
    let text = '';
    while (text.length < 1e6 && written + text.length < bytes) {
      lines += 1;
      const word = () => words[random(words.length)] ?? '';
      const sentence = Array.from({length: 4 + random(8)}, word).join(' ');
      const end = lines % 10_000 === 0 ? ' WARNING: slow disk' : '';
      text += `2026-01-01 12:${random(60)}:${random(60)} [${random(9999)}] ${sentence}_${random(99_999)}${end}\n`;
    }
    written += writeSync(file, text);
  }
  closeSync(file);
}

type Ended = {readonly ms: number; readonly maxKiB: number};

/** Runs a command with a log as its standard input. */
async function run(
  directory: string,
  [program = '', ...words]: readonly string[],
  log: string,
): Promise<Ended> {
  const input = openSync(log, 'r');
  // With its output thrown away `grep` would end at the first line that matches.
  const output = program === 'grep' ? openSync(join(directory, 'count'), 'w') : 'ignore';
  const start = performance.now();
  const child = spawn(program, words, {cwd: directory, stdio: [input, output, 'inherit', 'pipe']});
  let memory = '';
  child.stdio[3]?.on('data', (text) => {
    memory += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const ms = performance.now() - start;
  closeSync(input);
  if (output !== 'ignore') {
    closeSync(output);
  }
  // The log has warnings in it: 2 is the right verdict, and 0 that of grep.
  if (code !== 0 && code !== 2) {
    throw new Error(`${program} ended with ${code}`);
  }
  return {ms, maxKiB: Number(memory)};
}

/**
 * The examples of the manual, run as they stand, so that they cannot rot.
 *
 * Each page of `docs/` and the README is run from top to bottom in a temporary folder of its own:
 *
 * - A fenced block whose info string has a second word, such as `ini tests/add/testconfig`, is a file of that name. It is written
 *   into the current folder when the reader comes to it; one that begins with `#!` becomes executable.
 * - A fenced block `console` is a session. A line `$ command` is run by a shell, and the lines below it, up to the next `$`, are
 *   what it prints on both streams. `...` within a line stands for any text, a line that is only `...` for any lines. Blanks at
 *   the end of a line do not count. `cd` lasts. A command ends with 0 unless its line ends with `# exit N`.
 * - A fenced block `mermaid` below a command that has `--format mermaid` is what that command prints.
 * - `<!-- area: quickstart -->` before the first block begins in a copy of `examples/quickstart` instead of an empty folder.
 *
 * Blocks of any other kind (`sh`, `text`, `ini` without a file name) are not run.
 */
import {chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {JOB_ACTION_NAMES} from '@megatest/model';
import {describe, expect, it} from 'vitest';
import {TestArea} from './rig/area.ts';

const checkout = join(import.meta.dirname, '..');
const pages = ['README.md', ...readdirSync(join(checkout, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
);
/** Indexes, and `docs/logpro.md`, whose examples another test runs. */
const withoutExamples = new Set(['docs/README.md', 'docs/logpro.md', 'docs/rpc.md']);
const pageLimitMs = 180_000;

type Block =
  | {readonly kind: 'file'; readonly name: string; readonly text: string}
  | {readonly kind: 'command'; readonly line: number; readonly command: string; readonly expected: string[]};

/** The files and commands of a page, in order. */
function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const [, language = '', fileName] = /^```(\w+)(?:\s+(\S+))?\s*$/.exec(lines[at] ?? '') ?? [];
    if (language === '') {
      continue;
    }
    const end = lines.indexOf('```', at + 1);
    const body = lines.slice(at + 1, end);
    if (fileName !== undefined) {
      blocks.push({kind: 'file', name: fileName, text: `${body.join('\n')}\n`});
    } else if (language === 'mermaid') {
      const last = blocks.at(-1);
      if (
        last?.kind === 'command' &&
        last.expected.length === 0 &&
        last.command.includes('--format mermaid')
      ) {
        last.expected.push(...body);
      }
    } else if (language === 'console') {
      for (const [index, line] of body.entries()) {
        if (line.startsWith('$ ')) {
          blocks.push({kind: 'command', line: at + index + 2, command: line.slice(2), expected: []});
        } else {
          const last = blocks.at(-1);
          if (last?.kind === 'command') {
            last.expected.push(line);
          }
        }
      }
    }
    at = end;
  }
  return blocks;
}

/** `...` as said above; everything else is taken literally. */
function patternOf(expected: readonly string[]): RegExp {
  const parts = expected.map((line) =>
    line.trim() === '...'
      ? '(?:.*\\n)*?'
      : `${line
          .trimEnd()
          .split('...')
          .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
          .join('.*')}\\n`,
  );
  return new RegExp(`^${parts.join('')}$`);
}

async function runPage(page: string): Promise<void> {
  const text = readFileSync(join(checkout, page), 'utf8');
  const example = /^<!-- area: (\S+) -->$/m.exec(text)?.[1];
  await using area = example === undefined ? TestArea.make({}) : TestArea.copyOf(example);
  const whereFile = area.beside('where');
  let cwd = area.path;
  for (const block of blocksOf(text)) {
    if (block.kind === 'file') {
      const file = join(cwd, block.name);
      mkdirSync(dirname(file), {recursive: true});
      writeFileSync(file, block.text);
      if (block.text.startsWith('#!')) {
        chmodSync(file, 0o755);
      }
      continue;
    }
    const exitCode = Number(/# exit (\d+)$/.exec(block.command)?.[1] ?? '0');
    const script = `exec 2>&1\n${block.command}\ncode=$?\npwd > "$DOCS_WHERE"\nexit $code`;
    const {code, stdout} = await area.shell(script, {cwd, env: {DOCS_WHERE: whereFile, LC_ALL: 'C'}});
    cwd = readFileSync(whereFile, 'utf8').trim();
    const output = stdout.replace(/[ \t]+$/gm, '').replace(/([^\n])$/, '$1\n');
    const where = `${page}:${block.line}: $ ${block.command}`;
    expect(output, where).toMatch(patternOf(block.expected));
    expect(code, where).toBe(exitCode);
  }
}

describe('the examples of', () => {
  for (const page of pages.filter((name) => !withoutExamples.has(name))) {
    it(
      page,
      async () => {
        const commands = blocksOf(readFileSync(join(checkout, page), 'utf8')).filter(
          ({kind}) => kind === 'command',
        );
        expect(
          commands.length,
          `${page} has no example: give it one, or name it in withoutExamples`,
        ).toBeGreaterThan(0);
        await runPage(page);
      },
      pageLimitMs,
    );
  }
});

it('every relative link of the manual leads to a file, and to a heading of it', () => {
  const lost: string[] = [];
  for (const page of [...pages, 'CONTRIBUTING.md']) {
    const text = withoutBlocks(readFileSync(join(checkout, page), 'utf8'));
    for (const [, link = '', anchor] of text.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)) {
      const file = join(checkout, link === '' ? page : join(dirname(page), link));
      const isThere = /^[a-z]+:/.test(link) || (existsSync(file) && hasHeading(file, anchor));
      if (!isThere) {
        lost.push(`${page}: ${link}${anchor === undefined ? '' : `#${anchor}`}`);
      }
    }
  }
  expect(lost).toEqual([]);
});

function withoutBlocks(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '');
}

/** Headings become anchors as on the usual hosts of repositories. */
function hasHeading(file: string, anchor: string | undefined): boolean {
  const headings = () =>
    [...withoutBlocks(readFileSync(file, 'utf8')).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    );
  return anchor === undefined || headings().includes(anchor);
}

it('docs/command-line.md knows every command of the help', async () => {
  await using area = TestArea.make({});
  const {stdout} = await area.megatest(['help']);
  const commands = [...stdout.matchAll(/^ {2}megatest ([a-z]+)/gm)].map(([, name]) => name);
  expect(commands.length).toBeGreaterThan(20);
  const page = readFileSync(join(checkout, 'docs/command-line.md'), 'utf8');
  expect(commands.filter((name) => !page.includes(`megatest ${name}`))).toEqual([]);
});

it('docs/jobs.md knows every action of the job queue', () => {
  const page = readFileSync(join(checkout, 'docs/jobs.md'), 'utf8');
  expect(JOB_ACTION_NAMES.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

/** `megatest-rollup-<test>.html`: the items of an iterated test on one page, in its own directory (spec execution.md 20.2). */
import {spawn} from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {hostname} from 'node:os';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {escapeText, statusColour} from './page-parts.ts';

export type RollUpItem = {
  readonly itemPath: string;
  readonly state: string;
  readonly status: string;
  readonly comment: string;
};

/** The page that is built in: how many of each state and status, then every item. */
export function rollUpHtml(testName: string, items: readonly RollUpItem[]): string {
  const name = escapeText(testName);
  return `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Summary: ${name}</title></head><body>
<h1>Summary for ${name}</h1>
${stats(
  'State stats',
  'State',
  items.map(({state}) => state),
)}${stats(
  'Status stats',
  'Status',
  items.map(({status}) => status),
)}<table border="1">
<tr><th>Item</th><th>State</th><th>Status</th><th>Comment</th></tr>
${[...items].sort(byPath).map(row).join('')}</table>
</body></html>
`;
}

function byPath(a: RollUpItem, b: RollUpItem): number {
  return a.itemPath < b.itemPath ? -1 : a.itemPath > b.itemPath ? 1 : 0;
}

function stats(title: string, heading: string, values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const rows = [...counts]
    .sort()
    .map(([value, count]) => `<tr><td>${escapeText(value)}</td><td>${count}</td></tr>\n`);
  return `<h2>${title}</h2>
<table border="1">
<tr><th>${heading}</th><th>Count</th></tr>
${rows.join('')}<tr><td>Total</td><td>${values.length}</td></tr>
</table>
`;
}

function row(item: RollUpItem): string {
  const path = escapeText(item.itemPath);
  return `<tr><td><a href="${encodeURI(item.itemPath)}/test-summary.html">${path}</a></td><td>${escapeText(item.state)}</td><td style="color: ${statusColour(item.status)}">${escapeText(item.status)}</td><td>${escapeText(item.comment) || '&nbsp;'}</td></tr>\n`;
}

export function rollUpFile(testName: string): string {
  return `megatest-rollup-${testName}.html`;
}

const staleMs = 300_000;

export type RollUpRequest = {
  readonly testName: string;
  /** Directory of the whole test. */
  readonly directory: string;
  readonly items: readonly RollUpItem[];
  /** `[testrollup]` command for this test. */
  readonly command: string | undefined;
  readonly env: Readonly<Env>;
};

/** Writes the page; false when another process is at it, or the directory is not there. */
export function writeRollUpPage(
  request: RollUpRequest,
  say: (text: string) => void,
  fail: (text: string) => void,
): boolean {
  const {testName, directory, items, command, env} = request;
  if (!(statSync(directory, {throwIfNoEntry: false})?.isDirectory() ?? false)) {
    fail(`ERROR: ${directory} is not a directory, so the items of ${testName} have no page`);
    return false;
  }
  const file = rollUpFile(testName);
  const lock = join(directory, `${file}.lock`);
  if (!takeLock(lock)) {
    return false;
  }
  say(`Obtained lock for ${file}`);
  try {
    if (command === undefined) {
      const fresh = join(directory, `.${file}.new`);
      writeFileSync(fresh, rollUpHtml(testName, items));
      renameSync(fresh, join(directory, file));
    } else {
      spawn('/bin/sh', ['-c', `${command} > ${file} &`], {
        cwd: directory,
        env: {...env},
        detached: true,
        stdio: 'ignore',
      }).unref();
    }
  } finally {
    rmSync(lock, {force: true});
  }
  return true;
}

/** One writer at a time, on all hosts; a lock that is this old belongs to nobody. */
function takeLock(lock: string): boolean {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const fd = openSync(lock, 'wx');
      writeSync(fd, `${hostname()}-${process.pid}`);
      closeSync(fd);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isStale(lock)) {
        return false;
      }
      rmSync(lock, {force: true});
    }
  }
  return false;
}

function isStale(lock: string): boolean {
  try {
    return Date.now() - statSync(lock).mtimeMs > staleMs || readFileSync(lock, 'utf8') === '';
  } catch {
    return true;
  }
}

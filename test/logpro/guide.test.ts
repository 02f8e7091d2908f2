import {readFileSync} from 'node:fs';
import {describe, expect, it} from 'vitest';
import {WorkFolder} from './work-folder.ts';

/** Rules, a log and what is said to it, as they follow one another on the page. */
const example = /```logpro\n([\s\S]*?)```\n```log\n([\s\S]*?)```\n```result\n([\s\S]*?)```/g;
const guide = readFileSync(new URL('../../docs/logpro.md', import.meta.url), 'utf8');
const examples = [...guide.matchAll(example)].map(([, rules = '', log = '', result = '']) => ({
  rules,
  log,
  result,
}));

describe('the guide', () => {
  it('has no rules that are not part of an example', () => {
    expect(examples).toHaveLength([...guide.matchAll(/```logpro\n/g)].length);
  });

  it.each(examples)('says what logpro says to $rules', async ({rules, log, result}) => {
    const folder = new WorkFolder();
    folder.write('r.logpro', rules);
    const {exitCode, status, output} = await folder.run(log);
    const [verdict, ...lines] = result.trimEnd().split('\n');
    expect(`${status}, exit code ${exitCode}`).toBe(verdict);
    for (const line of lines) {
      expect(output.split('\n')).toContain(line);
    }
    folder.remove();
  });
});

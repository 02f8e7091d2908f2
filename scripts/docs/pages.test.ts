import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {generatedPages} from './pages.ts';

const docs = join(import.meta.dirname, '../../docs');

describe('a page that is made from the source', () => {
  it.each([...generatedPages()])('docs/%s is what "npm run docs" writes', (name, text) => {
    expect(readFileSync(join(docs, name), 'utf8')).toBe(text);
  });
});

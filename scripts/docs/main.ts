/** `npm run docs`: writes the generated pages of the manual. */
import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {generatedPages} from './pages.ts';

const docs = join(process.env.MEGATEST_CHECKOUT ?? process.cwd(), 'docs');
for (const [name, text] of generatedPages()) {
  const file = join(docs, name);
  mkdirSync(dirname(file), {recursive: true});
  writeFileSync(file, text);
  console.log(`docs/${name}`);
}

/**
 * Fails when an import goes up the layers of docs/architecture.md, when a package imports one it does not declare, or
 * when it reaches into another package's files instead of its public face. Part of `npm run lint`.
 */
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {root} from './root.mjs';

/** What each package may import from this project; the single source of the layer rule. */
const mayUse = {
  model: [],
  scheme: [],
  store: ['model'],
  config: ['model', 'scheme'],
  logpro: ['scheme'],
  rpc: ['store', 'config', 'model'],
  homehost: ['rpc', 'store', 'model'],
  manager: ['rpc', 'config', 'logpro', 'model'],
  dashboard: ['model', 'rpc'],
  cli: ['homehost', 'manager', 'rpc', 'store', 'config', 'logpro', 'model', 'scheme'],
};

const problems = [];
for (const name of readdirSync(join(root, 'packages'))) {
  const allowed = mayUse[name];
  if (allowed === undefined) {
    problems.push(`packages/${name}: not in the table of layers (scripts/check-layers.mjs)`);
    continue;
  }
  const folder = join(root, 'packages', name);
  const {dependencies = {}} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const file of readdirSync(join(folder, 'src'), {recursive: true}).map(String)) {
    if (/\.tsx?$/.test(file)) {
      checkFile(name, `packages/${name}/src/${file}`, allowed, Object.keys(dependencies));
    }
  }
}
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exit(1);
}

function checkFile(packageName, file, allowed, declared) {
  const text = readFileSync(join(root, file), 'utf8');
  for (const match of text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*'([^']+)'|\bimport\('([^']+)'\)/g,
  )) {
    const target = match[1] ?? match[2] ?? '';
    const line = text.slice(0, match.index).split('\n').length + (match[0].startsWith('\n') ? 1 : 0);
    const own = /^@megatest\/([a-z]+)(\/.*)?$/.exec(target);
    if (own !== null) {
      const [, other = '', inside] = own;
      if (!allowed.includes(other)) {
        problems.push(
          `${file}:${line}: ${packageName} may not import ${other}: imports go down the layers only`,
        );
      } else if (!declared.includes(`@megatest/${other}`)) {
        problems.push(
          `${file}:${line}: @megatest/${other} is not declared in packages/${packageName}/package.json`,
        );
      }
      if (inside !== undefined) {
        problems.push(`${file}:${line}: import @megatest/${other}, not a file inside it`);
      }
    } else if (/^(\.\.\/)+[a-z]+\/src\//.test(target)) {
      problems.push(`${file}:${line}: import @megatest/<package>, not ${target}`);
    }
  }
}

/** Properties of the reader under random input; `npm run fuzz -- config` tries many more cases. */
import {UserError} from '@megatest/model';
import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {type Expansion, expandHelpers, type Helper} from './expand-helpers.ts';
import {expandItems} from './items.ts';
import {forEachLogicalLine} from './logical-lines.ts';
import {printConfig} from './print-config.ts';
import {readConfigText} from './read-config.ts';
import {valuesOf} from './reading-rig.ts';
import {wordsOf} from './words.ts';

const numRuns = Number(process.env.MEGATEST_FUZZ_RUNS ?? 200);

/** Reads without running anything; what a user can cause is the only thing that may be thrown. */
function readSafely(text: string): void {
  try {
    readConfigText(text, '/nowhere/x.config', {
      env: {A: '1', B: '#{getenv A} "x" }'},
      cwd: '/nowhere',
      commands: 'no',
      envSections: /env/,
      areaPath: '/nowhere',
      say: (_, message) => {
        expect(typeof message).toBe('string');
      },
      note: () => {},
    });
  } catch (error) {
    if (!(error instanceof UserError)) {
      throw error;
    }
  }
}

const fragments = fc.constantFrom(
  ...[
    '[',
    ']',
    '[a]',
    '[a/%]',
    '[/a.*/]',
    '[/(/]',
    '[include x]',
    '[configf:settings trim-trailing-spaces yes]',
  ],
  ...['#{', '}', '#{getenv A}', '#{getenv B}', '#{get a k}', '#{get a}', '#{rget k}', '#{mtrah}', '#{rp ..}'],
  ...['#{scheme ', '#{scm (+ 1 ', '(', ')', '"', "'", '#{sh echo}', '#{nosuch x}', '#f', '#'],
  ...[
    ' ',
    '  ',
    '\t',
    '\n',
    '\n',
    '\n',
    '\r\n',
    '\\\n',
    '\\',
    'k',
    'key',
    'v 1',
    '[system x]',
    'env',
    '\u00a0',
    '€',
  ],
);

describe('the reader', () => {
  it('survives random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({maxLength: 2000}), (bytes) =>
        readSafely(Buffer.from(bytes).toString('utf8')),
      ),
      {numRuns},
    );
  });

  it('survives pieces of config files in any order', () => {
    fc.assert(
      fc.property(fc.array(fragments, {maxLength: 80}), (pieces) => readSafely(pieces.join(''))),
      {numRuns},
    );
  });

  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.:/-]{0,12}$/).filter((text) => !text.endsWith('/'));
  const line = fc.stringMatching(/^[A-Za-z0-9"'$({\]][A-Za-z0-9 "'$(){}[\]|;=.-]{0,20}$/);
  const value = fc.oneof(
    fc.constantFrom('', ' ', '   '),
    line.filter((text) => !text.startsWith('[system')),
    fc
      .tuple(fc.option(line, {nil: ''}), line, fc.array(fc.tuple(fc.constantFrom('', ' ', '   '), line)))
      .map(([first, second, more]) =>
        [first, second, ...more.map(([indent, text]) => indent + text)].join('\n'),
      ),
  );
  const config = fc.uniqueArray(
    fc.tuple(name, fc.uniqueArray(fc.tuple(name, value), {selector: ([key]) => key, maxLength: 6})),
    {selector: ([section]) => section, maxLength: 5},
  );

  it('reads back what was printed', () => {
    fc.assert(
      fc.property(config, (sections) => {
        const text = sections
          .map(([section, entries]) => {
            const lines = entries.map(([key, text]) => {
              const [first = '', ...more] = text.split('\n');
              const gap = first.trim() === '' ? '' : ' ';
              return [`${key}${gap}${first}`, ...more.map((one) => `\t${one}`)].join('\n');
            });
            return `[${section}]\n${lines.map((one) => `${one}\n`).join('')}`;
          })
          .join('');
        const options = {env: {}, cwd: '/', commands: 'no'} as const;
        const first = readConfigText(text, '/x', options);
        expect(Object.entries(valuesOf(first))).toEqual(
          // Names that look like numbers come first in an object.
          Object.entries(Object.fromEntries(sections)),
        );
        const printed = printConfig(first, 'ini');
        const second = readConfigText(printed, '/x', options);
        expect(valuesOf(second)).toEqual(valuesOf(first));
        expect(printConfig(second, 'ini')).toBe(printed);
      }),
      {numRuns},
    );
  });
});

/** The rule of config.md 4.1 as it stands there: the rightmost helper without braces inside, again and again. */
function expandSimply(text: string, evaluate: (helper: Helper) => string | undefined): Expansion {
  let current = text;
  const helper = /#\{([A-Za-z][\w-]*)(?:[ \t]+([^{}]*))?\}/g;
  for (let round = 0; round < 1000; round += 1) {
    const found = [...current.matchAll(helper)]
      .filter(([, type, body]) => body !== undefined || type === 'mtrah')
      .map(({0: whole, 1: type = '', 2: body = '', index: at}) => ({whole, type, body, at}))
      .filter((one) => evaluate(one) !== undefined)
      .at(-1);
    if (found === undefined) {
      return {text: current};
    }
    current = current.slice(0, found.at) + evaluate(found) + current.slice(found.at + found.whole.length);
  }
  return {text: current, gaveUp: ''};
}

describe('the expansion of helpers', () => {
  const values: Readonly<Record<string, string>> = {
    a: '#{getenv b}',
    b: 'x',
    c: '#{',
    d: '}',
    e: 'getenv b}',
    f: '#',
    g: '{getenv b}',
  };
  const evaluate = ({type, body}: Helper) => (type === 'getenv' ? (values[body.trim()] ?? '#f') : undefined);
  const pieces = fc.constantFrom(
    ...Object.keys(values).map((key) => `#{getenv ${key}}`),
    ...['#{getenv ', '#{get ', '#{nosuch x}', '#{mtrah}', '}', '{', '#', 'a', 'b', ' ', 'getenv'],
  );

  it('agrees with the rule taken word by word', () => {
    fc.assert(
      fc.property(fc.array(pieces, {maxLength: 12}), (parts) => {
        const text = parts.join('');
        const quick = expandHelpers({text, line: 1, joins: []}, evaluate);
        const simple = expandSimply(text, evaluate);
        expect(quick.gaveUp === undefined).toBe(simple.gaveUp === undefined);
        if (quick.gaveUp === undefined) {
          expect(quick.text).toBe(simple.text);
        }
      }),
      {numRuns},
    );
  });
});

it('lines without a trailing backslash are the lines of the text', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z #[\]]{0,8}$/), {minLength: 1}), (lines) => {
      const seen: string[] = [];
      forEachLogicalLine(`${lines.join('\n')}\n`, '/x', ({text, line}) => {
        expect(line).toBe(seen.length + 1);
        seen.push(text);
      });
      expect(seen).toEqual(lines);
    }),
    {numRuns},
  );
});

describe('items', () => {
  const words = fc.array(fc.stringMatching(/^[a-z0-9/]{1,4}$/), {maxLength: 5});
  const rows = fc.array(words, {maxLength: 3});
  const section = (name: string, values: readonly (readonly string[])[]) =>
    values.length === 0
      ? ''
      : `[${name}]\n${values.map((row, index) => `V${index} ${row.join('  ')}\n`).join('')}`;

  it('are the product of the rows and the columns of the table, each once', () => {
    fc.assert(
      fc.property(rows, rows, (product, table) => {
        const config = readConfigText(section('items', product) + section('itemstable', table), '/x', {
          env: {},
          cwd: '/',
          commands: 'no',
        });
        const {items, duplicates, isIterated} = expandItems(config, ({value}) => value);
        const productSize = product.length === 0 ? 0 : product.reduce((size, row) => size * row.length, 1);
        const tableSize = Math.max(0, ...table.map((row) => row.length));
        expect(items.length + duplicates.length).toBe(productSize + tableSize);
        expect(new Set(items.map(({itemPath}) => itemPath)).size).toBe(items.length);
        expect(isIterated).toBe(product.length + table.length > 0);
        for (const {itemPath, vars} of items) {
          expect(vars.map(([, value]) => value).join('/')).toBe(itemPath);
        }
      }),
      {numRuns},
    );
  });

  it('words are what splitting at white space gives', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab \t\n\r]{0,20}$/), (text) => {
        expect(wordsOf(text)).toEqual(text.split(/\s+/).filter((word) => word !== ''));
      }),
      {numRuns},
    );
  });
});

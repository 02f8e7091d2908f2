import {expect, it} from 'vitest';
import {printConfig} from './print-config.ts';
import {requireValue} from './query.ts';
import {TemporaryArea} from './reading-rig.ts';

const text = `[a]
plain x
empty
blanks  
lines one
  two
    three
block
   (rule)
[items]
later [system seq 3]
`;

it('ini output can be read again', () => {
  using area = new TemporaryArea();
  const first = area.read(text, {commands: 'deferred'});
  const printed = printConfig(first.config, 'ini');
  expect(printed).toBe(
    '\n[a]\nplain x\nempty\nblanks  \nlines one\n  two\n    three\nblock\n  (rule)\n\n[items]\nlater [system seq 3]\n',
  );
  expect(area.read(printed, {commands: 'deferred'}).values).toEqual(first.values);
});

it('sexp and json give the same values', () => {
  using area = new TemporaryArea();
  const {config} = area.read('[a]\nq say "hi" \\ there\n[b]\n');
  expect(printConfig(config, 'sexp')).toBe('(("a"\n  ("q" "say \\"hi\\" \\\\ there"))\n ("b"))\n');
  expect(JSON.parse(printConfig(config, 'json'))).toEqual({a: [['q', 'say "hi" \\ there']], b: []});
  expect(() => printConfig(config, 'yaml')).toThrow('-dumpmode of yaml not recognised');
});

it('a question for a value that is not there names what comes near', () => {
  using area = new TemporaryArea();
  const {config} = area.read('[setup]\nlinktree /x\n');
  expect(requireValue(config, 'setup', 'linktree')).toBe('/x');
  expect(() => requireValue(config, 'setup', 'linktre')).toThrow('[setup] has no key linktre');
  expect(() => requireValue(config, 'setpu', 'x')).toThrow('there is no section [setpu]');
});

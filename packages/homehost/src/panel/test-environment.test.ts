import {expect, it} from 'vitest';
import {parseEnvironment} from './test-environment.ts';

it('reads the values back, those of Megatest first, and evaluates nothing', () => {
  const text = [
    'export B="a \\"b\\" \\$HOME \\\\"',
    "export A=$'one\\ntwo\\\\n'",
    'export MT_TARGET=x/y',
    '# export HOME=/home/ana',
    'export LATER="$(date)"',
    'nothing',
  ].join('\n');
  expect(parseEnvironment(text)).toEqual([
    {name: 'MT_TARGET', value: 'x/y'},
    {name: 'A', value: 'one\ntwo\\n'},
    {name: 'B', value: 'a "b" $HOME \\'},
    {name: 'HOME', value: '/home/ana'},
    {name: 'LATER', value: '$(date)'},
  ]);
});

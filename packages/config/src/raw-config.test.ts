import {expect, it} from 'vitest';
import {rawSections} from './raw-config.ts';

it('nothing is expanded, run or included', () => {
  const text = [
    'lone value',
    '[setup]',
    '# a comment',
    'linktree #{getenv MT_RUN_AREA_HOME}/links',
    'hosts [system cat hosts]',
    '[include more.config]',
    'long one',
    '  two',
    '',
    '  dropped',
    '[disks]',
    'disk0 /d',
    '[setup]',
    'linktree #{shell pwd}',
  ].join('\n');
  expect(rawSections(text, 'megatest.config')).toEqual([
    {name: 'default', entries: [['lone', 'value']]},
    {
      name: 'setup',
      entries: [
        ['linktree', '#{getenv MT_RUN_AREA_HOME}/links'],
        ['hosts', '[system cat hosts]'],
        ['long', 'one\ntwo'],
        ['linktree', '#{shell pwd}'],
      ],
    },
    {name: 'disks', entries: [['disk0', '/d']]},
  ]);
});

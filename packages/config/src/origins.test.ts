import {expect, it} from 'vitest';
import {originRows, printOrigins} from './origins.ts';
import {TemporaryArea} from './reading-rig.ts';

it('every value names its line, the includes that led there and the values it replaced', () => {
  using area = new TemporaryArea();
  area.write('site/more.config', '[setup]\nlinktree /site\n[include deep.config]\n');
  area.write('site/deep.config', 'reruns 0\n');
  const {config} = area.read('[setup]\nlinktree /own\nreruns 1 \\\n 2\n[include site/more.config]\n');
  expect(printOrigins(config, area.path)).toBe(
    [
      'site/more.config:2:10: [setup] linktree /site',
      '  included from megatest.config:5',
      '  replaces "/own" of megatest.config:2',
      'site/deep.config:1:8: [setup] reruns 0',
      '  included from site/more.config:3',
      '  included from megatest.config:5',
      '  replaces "1  2" of megatest.config:3',
      '',
    ].join('\n'),
  );
  expect(originRows(config)[0]).toMatchObject({
    section: 'setup',
    key: 'linktree',
    replaced: [{value: '/own', line: 2}],
  });
});

it('a pattern section leaves its own place with the values it set', () => {
  using area = new TemporaryArea();
  const {config} = area.read('[a/b]\nX 1\n[a/%]\nX 2\n');
  expect(printOrigins(config, area.path)).toBe(
    'megatest.config:4:3: [a/b] X 2\n  replaces "1" of megatest.config:2\n',
  );
});

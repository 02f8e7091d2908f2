import {expect, it} from 'vitest';
import {configTables} from './config-tables.ts';

it('shows both forms of a value, and no secrets', () => {
  const raw = [
    {
      name: 'setup',
      entries: [
        ['linktree', '#{getenv HOME}/links'],
        ['api-key', 'k1'],
      ] as const,
    },
    {name: 'ext-sync', entries: [['pg', 'dbtype:pg user:ana password:tiger']] as const},
  ];
  const given = [
    {
      name: 'setup',
      entries: [
        ['linktree', '/home/ana/links'],
        ['api-key', 'k1'],
        ['included', '1'],
      ] as const,
    },
  ];
  expect(configTables(raw, given)).toEqual([
    {
      section: 'setup',
      rows: [
        {key: 'linktree', raw: '#{getenv HOME}/links', value: '/home/ana/links'},
        {key: 'api-key', raw: '***', value: '***'},
        {key: 'included', raw: null, value: '1'},
      ],
    },
    {
      section: 'ext-sync',
      rows: [{key: 'pg', raw: 'dbtype:pg user:ana password:***', value: null}],
    },
  ]);
});

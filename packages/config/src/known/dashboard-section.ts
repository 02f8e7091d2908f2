/** `[dashboard]` (spec config.md 16.1, dashboard.md B11). */
import {ignored, type KnownSection, key} from './known-key.ts';

export const dashboardSection: KnownSection = {
  file: 'megatest.config',
  section: 'dashboard',
  doc: 'The dashboard.',
  keys: [
    key('enabled', 'yes-no', 'yes', 'Whether the daemon serves the dashboard.'),
    key('actions', 'yes-no', 'yes', 'Whether anybody can act from the web.'),
    key('free-command', 'yes-no', 'yes', 'Whether the text of a command can be edited.'),
    key('rows', 'number', '15', 'Rows shown.', {least: 1}),
    key('cols', 'number', '8', 'Runs shown.', {least: 1}),
    key('testsort', 'choice', '-event_time', 'How tests are sorted at first.', {
      choices: [
        ...['testname', 'event_time', 'statestatus'].flatMap((name) => [`+${name}`, `-${name}`, name]),
      ],
    }),
    key('btn-height', 'text', 'x16', 'Height of a cell.'),
    key('btn-fontsz', 'number', '10', 'Size of the letters.'),
    key('cell-width', 'number', '50', 'Width of a cell.'),
    key('poll-interval', 'number', '2000', 'Milliseconds between two looks at a cache.'),
    key('mode', 'text', 'dashboard', 'How filters of states and statuses combine.'),
    key('allowed-hosts', 'list', '', 'Names under which the dashboard may be reached.'),
    key('frame-hosts', 'list', '', 'Hosts whose pages may be embedded.'),
    key('base-path', 'path', '/', 'Path of the dashboard behind a proxy.'),
    key('index-cells', 'number', '4000000', 'Most cells that are kept in memory.'),
    key('history-runs', 'number', '20', 'Runs in the history of a test.'),
    key('theme', 'choice', 'auto', 'Colours for a new browser.', {choices: ['auto', 'light', 'dark']}),
    key('click', 'choice', 'select', 'What one click on a cell does.', {choices: ['select', 'open']}),
    key('pre-command', 'text', 'viewscreen ', 'Put before commands that are copied.'),
    key('post-command', 'text', ' &', 'Put behind commands that are copied.'),
    ...ignored('no-detachbox'),
  ],
};

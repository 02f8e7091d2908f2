import {expect, it} from 'vitest';
import {markIn} from './log-marks.ts';

it.each([
  ['<a name="key_7_1"></a><a href="#key_7_2" class="error mine">bad</a>', 'error', 7],
  ['<a name="key_2_1"></a><a href="#key_2_2" class="required-warn">x</a>', 'required-warn', 2],
  ['<a name="Body"></a><a href="#Body_table" class="trigger Body">x</a>', 'trigger', null],
  ['<a name="key_1_1"></a><a href="#key_1_2" style="color: red;">bad</a>', 'error', 1],
  ['<a name="key_3_1"></a><a href="#key_3_2" style="color:#D1DB64">x</a>', 'skip', 3],
])('%s', (text, type, rule) => {
  expect(markIn(text, 5)).toEqual({line: 5, type, rule});
});

it.each(['a line', '&lt;a name="key_1_1"&gt;', '<a name="x"></a><a href="#y" class="other">z</a>'])(
  '%s has none',
  (text) => {
    expect(markIn(text, 1)).toBeUndefined();
  },
);

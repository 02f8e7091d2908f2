import * as fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {topLevelForms} from './top-level-forms.ts';

describe('top-level forms', () => {
  const cases: readonly (readonly [text: string, forms: readonly string[]])[] = [
    ['', []],
    [' ; only (a comment\n', []],
    ['(a) (b)', ['(a)', '(b)']],
    ['(a (b [c]))\n"x(" y', ['(a (b [c]))', '"x("', 'y']],
    ['(a "\\")" ; )\n) b', ['(a "\\")" ; )\n)', 'b']],
    ['(p #/a)\\/(/i) (q)', ['(p #/a)\\/(/i)', '(q)']],
    ['(p #r{)}i) (q)', ['(p #r{)}i)', '(q)']],
    ["'(a b) `(c ,@d)", ["'(a b)", '`(c ,@d)']],
    ['#;(a) (b)', ['#;(a)', '(b)']],
    ['#| ( #| |# |# (b)', ['(b)']],
    ['(a #\\( #\\space) (b)', ['(a #\\( #\\space)', '(b)']],
    ['(a |x(| ) (b)', ['(a |x(| )', '(b)']],
    ['(a #<<END\n(((\nEND\n) (b)', ['(a #<<END\n(((\nEND\n)', '(b)']],
    ['(a) (b', ['(a)', '(b']],
    ['(a)) (b)', ['(a)', ')', '(b)']],
    ['#(1 2) #t class: #:x', ['#(1 2)', '#t', 'class:', '#:x']],
  ];
  it.each(cases)('%j', (text, forms) => {
    expect(topLevelForms(text).map((form) => form.text)).toEqual(forms);
  });

  it('forms that are written one after the other are found again', () => {
    const {form} = fc.letrec<{form: string}>((tie) => ({
      form: fc.oneof(
        {maxDepth: 3},
        fc.constantFrom('a', '1.5', '"s;("', '#/[)(]/i', '#\\)', 'k:', '#t', "'x", '"\\""'),
        fc.array(tie('form'), {maxLength: 4}).map((items) => `(${items.join(' ')})`),
      ),
    }));
    fc.assert(
      fc.property(fc.array(form), fc.constantFrom(' ', '\n', ' ; (\n', ' #| ( |# '), (forms, between) => {
        expect(topLevelForms(forms.join(between)).map(({text}) => text)).toEqual(forms);
      }),
    );
  });

  it('says where each begins', () => {
    expect(topLevelForms(' (a)\n(b)').map(({offset}) => offset)).toEqual([1, 5]);
  });
});

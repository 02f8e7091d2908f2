/**
 * Cuts the text of a rules file into its top-level forms, so that each can be evaluated by itself and whatever it does (a rule
 * that cannot be registered, a warning) has a place. The forms are only told apart here; what is wrong inside one, the Scheme
 * reader says.
 */

export type TopLevelForm = {readonly offset: number; readonly text: string};

const openers: Readonly<Record<string, string>> = {'(': ')', '[': ']', '{': '}', '<': '>'};

export function topLevelForms(text: string): readonly TopLevelForm[] {
  const forms: TopLevelForm[] = [];
  let start: number | undefined;
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const {length, kind} = tokenAt(text, at);
    if (kind !== 'blank') {
      start ??= at;
      depth += kind === 'open' ? 1 : kind === 'close' ? -1 : 0;
      if (depth <= 0 && kind !== 'prefix') {
        forms.push({offset: start, text: text.slice(start, at + length)});
        start = undefined;
        depth = 0;
      }
    }
    at += length;
  }
  return start === undefined ? forms : [...forms, {offset: start, text: text.slice(start)}];
}

type Token = {readonly length: number; readonly kind: 'blank' | 'open' | 'close' | 'prefix' | 'datum'};

/** Tokens that end before the end of a line or at a mark of their own, in the order in which they are tried. */
const tokens: readonly (readonly [kind: Token['kind'], token: RegExp])[] = [
  ['blank', /\s+|;[^\n]*/y],
  // What a comment of this form hides is read with the form it stands before.
  ['prefix', /#;|,@|['`,]/y],
  ['open', /#?\(|\[/y],
  ['close', /[)\]]/y],
  ['datum', /"(?:[^"\\]|\\[\s\S])*"?/y],
  ['datum', /#\/(?:[^/\\]|\\[\s\S])*(?:\/[ixu]{0,3})?/y],
  ['datum', /#\\(?:[^\w]|\w+)/y],
  ['datum', /\|[^|]*\|?/y],
  ['datum', /[^\s()[\]"';`,]+/y],
];

function tokenAt(text: string, at: number): Token {
  if (text.startsWith('#|', at)) {
    return {kind: 'blank', length: blockCommentLength(text, at)};
  }
  if (text.startsWith('#<<', at)) {
    return {kind: 'datum', length: hereStringLength(text, at)};
  }
  if (/^#r\W/.test(text.slice(at, at + 3))) {
    return {kind: 'datum', length: bracketedPatternLength(text, at)};
  }
  for (const [kind, token] of tokens) {
    token.lastIndex = at;
    const found = token.exec(text);
    if (found !== null) {
      return {kind, length: found[0].length};
    }
  }
  return {kind: 'datum', length: 1};
}

function blockCommentLength(text: string, from: number): number {
  const mark = /#\||\|#/g;
  mark.lastIndex = from;
  let depth = 0;
  for (let found = mark.exec(text); found !== null; found = mark.exec(text)) {
    depth += found[0] === '#|' ? 1 : -1;
    if (depth === 0) {
      return mark.lastIndex - from;
    }
  }
  return text.length - from;
}

function hereStringLength(text: string, from: number): number {
  const [head = '', tag = ''] = /^#<<([^\n]*)\n/.exec(text.slice(from)) ?? [];
  const body = text.slice(from + head.length);
  const lines = body.split('\n');
  const end = lines.indexOf(tag);
  return head === '' || end < 0
    ? text.length - from
    : head.length + lines.slice(0, end + 1).join('\n').length;
}

function bracketedPatternLength(text: string, from: number): number {
  const opener = text[from + 2] ?? '';
  const closer = openers[opener] ?? opener;
  for (let at = from + 3; at < text.length; at += text[at] === '\\' ? 2 : 1) {
    if (text[at] === closer) {
      return at + 1 - from;
    }
  }
  return text.length - from;
}

/**
 * Finds the helpers `#{TYPE BODY}` of a line and puts their results in their place (spec config.md 4.1): from the right,
 * innermost first, until none is left; results are searched again.
 */
import type {LogicalLine} from './logical-lines.ts';
import {maxLineLength} from './logical-lines.ts';

export type Helper = {
  readonly type: string;
  readonly body: string;
  /** Offset of `#{` in the line. */
  readonly at: number;
  /** The helper as it stands, braces and all. */
  readonly whole: string;
};

/** `undefined`: no such type, the text stays as it is. */
export type EvaluateHelper = (helper: Helper) => string | undefined;

export type Expansion = {
  readonly text: string;
  /** Why the expansion was given up, when it was. */
  readonly gaveUp?: string;
};

const maxRounds = 1000;
const helperHere = /#\{([A-Za-z][\w-]*)(?:[ \t]+([^{}]*))?\}/y;

export function expandHelpers(line: LogicalLine, evaluate: EvaluateHelper): Expansion {
  let {text} = line;
  // To the right of `edge` there is nothing to expand: a result can only complete a helper that begins at or before its own end.
  let edge = text.length;
  for (let round = 0; ; ) {
    // `lastIndexOf` takes a negative position for the first one.
    const helper = edge < 0 ? undefined : lastHelper(text, edge);
    if (helper === undefined) {
      return {text};
    }
    if (round >= maxRounds) {
      return {text, gaveUp: `${maxRounds} helpers were expanded and there are still more`};
    }
    const result = evaluate(helper);
    if (result === undefined) {
      edge = helper.at - 1;
      continue;
    }
    round += 1;
    const inserted = insideSchemeString(text, helper.at) ? escapeForString(result) : result;
    text = text.slice(0, helper.at) + inserted + text.slice(helper.at + helper.whole.length);
    edge = helper.at + inserted.length;
    if (text.length > maxLineLength) {
      return {text: '', gaveUp: `it grew to more than ${maxLineLength} characters`};
    }
  }
}

/** The last helper that begins at or before `edge`, with no braces in its body. */
function lastHelper(text: string, edge: number): Helper | undefined {
  for (let at = text.lastIndexOf('#{', edge); at >= 0; at = at === 0 ? -1 : text.lastIndexOf('#{', at - 1)) {
    helperHere.lastIndex = at;
    const match = helperHere.exec(text);
    if (match !== null) {
      const [whole, type = '', body] = match;
      if (body !== undefined || type === 'mtrah') {
        return {type, body: body ?? '', at, whole};
      }
    }
  }
  return undefined;
}

/** Whether the place stands inside a string literal of a `#{scheme}` around it: what is put there must not end the string. */
function insideSchemeString(text: string, at: number): boolean {
  // Most lines have no Scheme: then nothing has to be counted.
  const start = text.lastIndexOf('#{sc', at) < 0 ? undefined : enclosingScheme(text, at);
  if (start === undefined) {
    return false;
  }
  let isInside = false;
  let depth = 0;
  for (let index = start; index < at; index += 1) {
    const char = text[index];
    if (char === '{') {
      depth += 1;
    } else if (char === '}') {
      depth -= 1;
    } else if (depth > 0) {
    } else if (char === '\\') {
      index += 1;
    } else if (char === '"') {
      isInside = !isInside;
    }
  }
  return isInside;
}

/** Offset at which the body of the innermost helper around `at` begins, when that is a Scheme one. */
function enclosingScheme(text: string, at: number): number | undefined {
  let depth = 0;
  for (let index = at - 1; index > 0; index -= 1) {
    const char = text[index];
    if (char === '}') {
      depth += 1;
    } else if (char === '{') {
      if (depth === 0) {
        const opener = /^#\{(?:scheme|scm)[ \t]/.exec(text.slice(index - 1, index + 9));
        return opener === null ? undefined : index - 1 + opener[0].length;
      }
      depth -= 1;
    }
  }
  return undefined;
}

function escapeForString(text: string): string {
  return text.replace(/[\\"]/g, '\\$&');
}

/** Regular expressions (spec scheme.md 3.3, 3.4). */
import {SchemeError} from '../scheme-error.ts';
import {type HostValue, listOf, Pattern, type Value} from '../values.ts';
import {type ProcedureTable, text} from './arguments.ts';

/** A JavaScript expression for a pattern given as a string or a `Pattern`. */
export function toRegExp(value: HostValue | undefined, who: string): RegExp {
  const pattern = value instanceof Pattern ? value : new Pattern(text(value, who), '');
  try {
    return new RegExp(pattern.source, pattern.flags.includes('i') ? 'i' : '');
  } catch (error) {
    throw new SchemeError(`${who}: ${error instanceof Error ? error.message : 'bad pattern'}`);
  }
}

function groups(found: RegExpExecArray | null): Value {
  return found === null ? false : listOf([...found].map((group) => group ?? false));
}

export function patterns(): ProcedureTable {
  return {
    regexp: ([source, ignoresCase = false, isExtended = false, isUtf8 = false]) => {
      const flags = [
        ignoresCase !== false ? 'i' : '',
        isExtended !== false ? 'x' : '',
        isUtf8 !== false ? 'u' : '',
      ].join('');
      return source instanceof Pattern ? source : new Pattern(text(source, 'regexp'), flags);
    },
    'regexp?': ([value]) => value instanceof Pattern,
    'regexp-escape': ([value]) => text(value, 'regexp-escape').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
    'string-match': ([pattern, value]) => {
      const regex = toRegExp(pattern, 'string-match');
      return groups(new RegExp(`^(?:${regex.source})$`, regex.flags).exec(text(value, 'string-match')));
    },
    'string-search': ([pattern, value]) =>
      groups(toRegExp(pattern, 'string-search').exec(text(value, 'string-search'))),
    'string-substitute': ([pattern, replacement, value, all = false]) => {
      const regex = toRegExp(pattern, 'string-substitute');
      return text(value, 'string-substitute').replace(
        new RegExp(regex.source, regex.flags + (all === false ? '' : 'g')),
        (...found: unknown[]) =>
          text(replacement, 'string-substitute').replace(/\\(\d)/g, (_, digit: string) => {
            const group = found[Number(digit)];
            return typeof group === 'string' ? group : '';
          }),
      );
    },
    'string-split-fields': ([pattern, value]) => {
      const regex = toRegExp(pattern, 'string-split-fields');
      return listOf(
        text(value, 'string-split-fields').match(new RegExp(regex.source, `${regex.flags}g`)) ?? [],
      );
    },
  };
}

/**
 * What a reader notices while it reads: one closed union. The messages that a command prints (spec config.md 19) and the
 * problems that a check lists are both made from it.
 */
import {printPlace, unreachable} from '@megatest/model';
import type {Entry, Origin} from './config.ts';

export type ReadNote = {readonly origin: Origin} & (
  | {readonly kind: 'file-missing'; readonly path: string; readonly cwd: string}
  | {readonly kind: 'include-missing'; readonly path: string}
  /** The file is being read already; a condition in it may still end the circle. */
  | {readonly kind: 'include-again'; readonly path: string}
  | {readonly kind: 'include-too-deep'; readonly path: string; readonly depth: number}
  | {readonly kind: 'script-missing'; readonly script: string}
  | {readonly kind: 'script-failed'; readonly command: string; readonly code: number}
  | {readonly kind: 'unparsable-line'; readonly text: string}
  /** An indented line that continues nothing. */
  | {readonly kind: 'dropped-line'; readonly text: string}
  | {readonly kind: 'setting-unknown'; readonly name: string}
  | {readonly kind: 'key-redefined'; readonly section: string; readonly entry: Entry; readonly earlier: Entry}
  | {readonly kind: 'section-invalid'; readonly name: string}
  /** How many sections a pattern section was copied into. */
  | {readonly kind: 'section-applied'; readonly name: string; readonly count: number}
  | {readonly kind: 'helper-unknown'; readonly type: string}
  | {readonly kind: 'helper-unclosed'; readonly text: string}
  | {readonly kind: 'helper-undefined'; readonly type: string; readonly body: string}
  | {readonly kind: 'helper-failed'; readonly type: string; readonly line: string; readonly reason: string}
  | {readonly kind: 'helper-endless'; readonly reason: string}
  | {readonly kind: 'helper-slow'; readonly body: string; readonly seconds: number}
  | {readonly kind: 'helper-surplus'; readonly body: string; readonly surplus: string}
  | {readonly kind: 'command-failed'; readonly command: string; readonly code: number}
  | {readonly kind: 'command-stopped'; readonly command: string; readonly reason: string}
  | {
      readonly kind: 'value-command-failed';
      readonly line: string;
      readonly code: number;
      readonly output: string;
    }
  | {readonly kind: 'env-value-failed'; readonly key: string; readonly value: string}
  | {readonly kind: 'env-key-unusable'; readonly key: string}
);

/** A line for the log; it is printed when the verbosity is at least `level`. */
export type Message = {readonly level: number; readonly text: string};

/** The messages of the spec; most notes have none, they only matter to a check. */
export function messagesOf(note: ReadNote): readonly Message[] {
  const at = printPlace({file: note.origin.file, line: note.origin.line});
  switch (note.kind) {
    case 'file-missing':
      return [{level: 1, text: `read-config - file not found ${note.path} current path: ${note.cwd}`}];
    case 'include-missing':
      return [
        {level: 2, text: `INFO: include file ${note.path} not found (called from ${note.origin.file})`},
      ];
    case 'include-too-deep':
      return [
        {
          level: 0,
          text: `ERROR: ${at}: includes are nested deeper than ${note.depth}, ${note.path} is left out`,
        },
      ];
    case 'script-missing':
      return [{level: 0, text: `Script not found or not exectutable: ${note.script}`}];
    case 'unparsable-line':
      return [{level: 0, text: `ERROR: problem parsing ${at}, "${note.text}"`}];
    case 'section-invalid':
      return [
        {
          level: 0,
          text: `ERROR: ${at}: [${note.name}] is not a valid regular expression, the section is dropped`,
        },
      ];
    case 'helper-failed':
      return [
        {level: 0, text: `WARNING: failed to process config input "${note.line}" (${at})`},
        {level: 0, text: ` message: ${note.reason}`},
      ];
    case 'helper-endless':
      return [{level: 0, text: `WARNING: ${at}: gave up expanding this line: ${note.reason}`}];
    case 'helper-slow':
      return [{level: 0, text: `INFO: (0) ${at}: ${note.body} took ${note.seconds.toFixed(1)} seconds`}];
    case 'helper-surplus':
      return [{level: 0, text: `WARNING: ${at}: "${note.surplus}" after the last ) is left out`}];
    case 'command-failed':
      return [
        {
          level: 0,
          text: `ERROR: ${note.command} returned bad exit code ${note.code} (${exactly(note.origin)})`,
        },
      ];
    case 'command-stopped':
      return [{level: 0, text: `ERROR: ${at}: ${note.command} was stopped: ${note.reason}`}];
    case 'value-command-failed':
      return [
        {
          level: 0,
          text: `ERROR: problem with ${note.line}, return code ${note.code} output: ${note.output} (${at})`,
        },
      ];
    case 'env-value-failed':
      return [
        {level: 0, text: `ERROR: problem evaluating "${note.value}" in the shell environment`},
        {level: 0, text: `ERROR: bad value for setenv, key=${note.key}, value=#f`},
      ];
    case 'env-key-unusable':
      return [
        {level: 4, text: `INFO: (4) ${at}: ${note.key} is not exported, no variable can have that name`},
      ];
    case 'include-again':
    case 'script-failed':
    case 'dropped-line':
    case 'setting-unknown':
    case 'key-redefined':
    case 'section-applied':
    case 'helper-unknown':
    case 'helper-unclosed':
    case 'helper-undefined':
      return [];
    default:
      return unreachable(note);
  }
}

/** With the column: a line may hold several helpers. */
function exactly({file, line, column}: Origin): string {
  return printPlace({file, line, column});
}

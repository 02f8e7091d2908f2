/** What the reader noticed, as problems. */
import {nearNames, unreachable} from '@megatest/model';
import {helperTypes} from '../helpers.ts';
import type {ReadNote} from '../read-note.ts';
import {mayMatchParts} from '../section-pattern.ts';
import type {ProblemList} from './problem-list.ts';

type PatternSection = {
  readonly note: ReadNote & {kind: 'section-applied'};
  readonly isUsed: boolean;
  readonly isForTargets: boolean;
};

/** Collects the notes of all readings of an area. */
export class NoteProblems {
  readonly #list: ProblemList;
  /** Pattern sections by their place: whether any reading applied them. */
  readonly #patterns = new Map<string, PatternSection>();

  /** Includes that begin a circle: that they end up too deep says nothing new. */
  readonly #circles = new Set<string>();

  constructor(list: ProblemList) {
    this.#list = list;
  }

  /** Whatever is known only when everything was read. Targets have as many parts as there are keys. */
  finish(keyCount: number): void {
    for (const {note, isUsed, isForTargets} of this.#patterns.values()) {
      // A target needs no section of its own, so one that nobody wrote down may be meant.
      if (!isUsed && !(isForTargets && mayMatchParts(note.name, keyCount))) {
        this.#list.add(
          'unmatched-section',
          note.origin,
          `[${note.name}] applies to nothing: no section above it has a name that matches`,
          {
            hint: 'a pattern section adds to sections that stand above it; move it down, or correct the pattern',
          },
        );
      }
    }
  }

  /** `isForTargets`: noticed in runconfigs, whose sections are targets. */
  add(note: ReadNote, isForTargets: boolean): void {
    const list = this.#list;
    const {origin} = note;
    switch (note.kind) {
      case 'file-missing':
        // The files that may be missing are looked for by the check itself.
        return;
      case 'include-missing':
        list.add('missing-include', origin, `the included file ${note.path} is not there`);
        return;
      case 'include-again':
        this.#circles.add(`${origin.file}:${origin.line}`);
        list.add('include-loop', origin, `${note.path} is included while it is being read`);
        return;
      case 'include-too-deep':
        if (!this.#circles.has(`${origin.file}:${origin.line}`)) {
          list.add(
            'include-loop',
            origin,
            `includes are nested deeper than ${note.depth}, ${note.path} is left out`,
          );
        }
        return;
      case 'script-missing':
        list.add('missing-script', origin, `the script ${note.script} is not there or not executable`);
        return;
      case 'script-failed':
        list.add('failed-script', origin, `${note.command} ended with exit code ${note.code}`);
        return;
      case 'unparsable-line':
        list.add('unparsable-line', origin, 'this line cannot be understood');
        return;
      case 'dropped-line':
        list.add('dropped-line', origin, 'this indented line continues no entry, so it is dropped', {
          hint: 'a comment, a blank line or a header ends a value; remove the indent to begin an entry',
        });
        return;
      case 'setting-unknown':
        list.add('unknown-setting', origin, `there is no reader setting ${note.name}`, {
          hint: 'the only one is trim-trailing-spaces',
        });
        return;
      case 'key-redefined':
        this.#redefined(note);
        return;
      case 'section-invalid':
        list.add('bad-section-pattern', origin, `[${note.name}] is no valid regular expression`);
        return;
      case 'section-applied': {
        const id = `${origin.file}:${origin.line}`;
        const isUsed = note.count > 0 || this.#patterns.get(id)?.isUsed === true;
        this.#patterns.set(id, {note, isUsed, isForTargets});
        return;
      }
      case 'helper-unknown': {
        const [near] = nearNames(note.type, helperTypes, 1);
        if (near !== undefined) {
          list.add('unknown-helper', origin, `there is no helper ${note.type}`, {
            hint: `did you mean #{${near} ...}?`,
          });
        }
        return;
      }
      case 'helper-unclosed':
        list.add('unclosed-helper', origin, 'this helper has no closing brace');
        return;
      case 'helper-undefined':
        list.add('undefined-value', origin, `#{${note.type} ${note.body.trim()}} has no value, #f is used`);
        return;
      case 'helper-failed':
        list.add('failed-helper', origin, `#{${note.type}} failed: ${note.reason}`);
        return;
      case 'helper-endless':
        list.add('endless-helper', origin, `gave up expanding this line: ${note.reason}`);
        return;
      case 'helper-surplus':
        list.add('failed-helper', origin, `"${note.surplus}" after the last ) is left out`);
        return;
      case 'command-failed':
        list.add('failed-command', origin, `${note.command} ended with exit code ${note.code}`);
        return;
      case 'value-command-failed':
        list.add('failed-command', origin, `the command ended with exit code ${note.code}`);
        return;
      case 'command-stopped':
        list.add('stopped-command', origin, `${note.command} was stopped: ${note.reason}`);
        return;
      case 'env-value-failed':
        list.add('bad-env-value', origin, `a shell cannot evaluate the value of ${note.key}`);
        return;
      case 'env-key-unusable':
        list.add('bad-variable-name', {...origin, column: 1}, `no variable can be named ${note.key}`);
        return;
      case 'helper-slow':
        return;
      default:
        unreachable(note);
    }
  }

  /** Only what is set twice in one file; an include is there to change values. */
  #redefined({section, entry, earlier, origin}: ReadNote & {kind: 'key-redefined'}): void {
    const isSamePlace = earlier.origin.line === origin.line;
    const refersToItself = this.#list
      .lineText(origin.file, origin.line)
      ?.slice(entry.key.length)
      .includes(entry.key);
    if (earlier.origin.file !== origin.file || isSamePlace || entry.value === '' || refersToItself === true) {
      return;
    }
    this.#list.add(
      'duplicate-key',
      this.#list.keyPlace(entry),
      `${entry.key} is set twice in [${section}], the value in line ${earlier.origin.line} is lost`,
    );
  }
}

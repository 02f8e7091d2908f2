/** What a check of an area can find: one table of kinds, from which severities, printers and SARIF rules come. */
import type {Place} from '@megatest/model';

/** An error makes something fail or not happen; a warning is most likely a mistake; a note is worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

export type ProblemKind = {readonly severity: Severity; readonly doc: string};

const kind = (severity: Severity, doc: string): ProblemKind => ({severity, doc});

export const PROBLEM_KINDS = {
  // Reading
  'unreadable-file': kind('error', 'A file cannot be read as a config file.'),
  'missing-file': kind('error', 'A file that an area needs is not there.'),
  'unparsable-line': kind('error', 'A line is no entry, header or comment.'),
  'dropped-line': kind('warning', 'An indented line continues no entry, so it is dropped.'),
  'unclosed-header': kind('error', 'A line begins with [ and is no section header.'),
  'line-before-section': kind('warning', 'An entry stands before the first section header.'),
  'duplicate-key': kind('warning', 'A key is set twice in one section of a file; the first value is lost.'),
  'missing-include': kind('warning', 'An included file is not there, so the line has no effect.'),
  'include-loop': kind('error', 'Files include each other in a circle.'),
  'missing-script': kind('error', 'A [scriptinc] script is not there or not executable.'),
  'failed-script': kind('warning', 'A [scriptinc] script ended with an exit code that is not 0.'),
  'unknown-setting': kind('warning', 'A reader setting is not known, so it has no effect.'),
  'bad-section-pattern': kind(
    'error',
    'A section name is no valid regular expression; the section is dropped.',
  ),
  'unmatched-section': kind('warning', 'A pattern section applies to no section above it and to no target.'),
  'undefined-value': kind('warning', 'A helper has no value, so the text #f is used.'),
  'unknown-helper': kind('warning', 'A helper type is nearly that of a known one.'),
  'unclosed-helper': kind('error', 'A helper has no closing brace.'),
  'failed-helper': kind('error', 'A helper could not be evaluated.'),
  'endless-helper': kind('error', 'Expanding a line had no end.'),
  'failed-command': kind('error', 'A command in a config file ended with an exit code that is not 0.'),
  'stopped-command': kind(
    'error',
    'A command in a config file was stopped, because it took or printed too much.',
  ),
  'bad-env-value': kind('error', 'A shell could not evaluate the value of a variable.'),
  'bad-variable-name': kind('warning', 'No environment variable can have this name.'),
  // Sections, keys and values
  'unknown-section': kind('warning', 'A section is nearly one that is known.'),
  'misplaced-section': kind('warning', 'A section is known in another file only.'),
  'unknown-key': kind('warning', 'A key is not known in its section.'),
  'no-effect': kind('note', 'A key is accepted and has no effect.'),
  'bad-number': kind('error', 'A value is no number, or out of its bounds.'),
  'bad-choice': kind('error', 'A value is none of those that are allowed.'),
  'bad-time': kind('error', 'A value is no time such as 1h 30m.'),
  'bad-regex': kind('error', 'A regular expression does not compile.'),
  'bad-pattern': kind('error', 'A test pattern does not compile.'),
  'bad-item-map': kind('error', 'The regular expression of an item map does not compile.'),
  'inline-comment': kind('warning', 'There are no comments behind values: the text is part of the value.'),
  'misleading-no': kind('warning', 'The presence of a key counts; the value no does not switch it off.'),
  // The area
  'no-fields': kind('error', 'There are no [fields], so there can be no target.'),
  'bad-key-name': kind('error', 'A key of the target cannot have this name.'),
  'missing-linktree': kind('error', '[setup] linktree is not set.'),
  'missing-disk': kind('error', 'A disk is not a directory that can be written to, by its full path.'),
  'missing-tests-path': kind('warning', 'A directory of tests is not there.'),
  'unknown-host-type': kind('error', 'A launcher names a host type that is not defined.'),
  'unknown-state': kind('warning', 'A state or status is none of those that Megatest knows.'),
  'bad-target-section': kind('warning', 'A section looks like a target with the wrong number of parts.'),
  'unknown-area': kind('error', 'A contour names an area that is not defined.'),
  'no-tests': kind('warning', 'The area has no tests.'),
  'shadowed-test': kind('note', 'A test of this name was found in an earlier directory.'),
  'bad-test-name': kind('warning', 'The name of a test holds characters that patterns cannot name.'),
  // One test
  'nothing-to-run': kind('error', 'A test has neither a runscript nor ezsteps.'),
  'missing-runscript': kind('error', 'The runscript is not there.'),
  'not-executable': kind('error', 'A script is not executable.'),
  'step-without-command': kind('error', 'A step has no command.'),
  'bad-step-name': kind('error', 'The name of a step cannot be the name of a file.'),
  'rules-without-step': kind('warning', 'There are log rules for a step that does not exist.'),
  'rules-twice': kind('warning', 'A step has a rules file and a [logpro] entry; the file wins.'),
  'bad-rules': kind('error', 'A file of log rules is not valid.'),
  'unknown-waiton': kind('error', 'A test waits for one that does not exist.'),
  'self-waiton': kind('error', 'A test waits for itself.'),
  'waiton-cycle': kind('error', 'Tests wait for each other, so that none of them can run.'),
  'bad-mode': kind('error', 'A mode is not known.'),
  'unused-item-map': kind('warning', 'An item map applies to no test that is waited for.'),
  'unknown-jobgroup': kind('warning', 'A job group has no limit.'),
  'empty-items': kind('warning', 'An items section has no entries.'),
  'zero-items': kind('error', 'The item list comes out empty, so the test can never run.'),
  'duplicate-item': kind('warning', 'An item comes out twice; it runs once.'),
  'bad-item-value': kind('error', 'An item value would lead out of the run directory.'),
  'ignored-skip': kind('warning', 'Only the first key of [skip] counts.'),
  'bad-trigger': kind('warning', 'A trigger can never fire.'),
  'bad-waiver': kind('error', 'A waiver is not of the form RULE FILEPATTERN.'),
} as const satisfies Readonly<Record<string, ProblemKind>>;

export type ProblemCode = keyof typeof PROBLEM_KINDS;

export type Problem = {
  readonly code: ProblemCode;
  readonly severity: Severity;
  readonly message: string;
  readonly place: Place;
  /** What to do: a sentence such as `did you mean "linktree"?`. */
  readonly hint?: string;
};

/** Holds a config against the table of known sections and keys. */
import {ItemMap, parseDuration, TestPattern, unreachable} from '@megatest/model';
import type {Config, Entry, Section} from '../config.ts';
import type {ConfigFileKind, KnownKey, KnownSection} from '../known/known-key.ts';
import {
  knownKey,
  knownSection,
  knownSections,
  nearKey,
  nearSection,
  sectionWithKey,
} from '../known/known-sections.ts';
import {wordsOf} from '../words.ts';
import type {ProblemList} from './problem-list.ts';

export function checkSections(config: Config, file: ConfigFileKind, list: ProblemList): void {
  for (const section of config.sections) {
    const known = knownSection(file, section.name);
    if (known === undefined) {
      checkUnknownSection(section, file, list);
    } else {
      for (const entry of section.entries) {
        checkEntry(entry, section, known, list);
      }
    }
  }
}

function checkUnknownSection(section: Section, file: ConfigFileKind, list: ProblemList): void {
  const {name, origin} = section;
  const elsewhere = knownSections.find((known) => known.section === name && known.file !== file);
  if (elsewhere !== undefined) {
    list.add('misplaced-section', origin, `[${name}] has no meaning in a ${file}`, {
      hint: `it belongs in ${elsewhere.file}`,
    });
    return;
  }
  for (const entry of section.entries) {
    if (entry.key.startsWith('[')) {
      reportUnclosedHeader(entry, list);
    }
  }
  const near = nearSection(file, name);
  if (near !== undefined) {
    list.add('unknown-section', origin, `there is no section [${name}]`, {hint: `did you mean [${near}]?`});
  }
}

function reportUnclosedHeader(entry: Entry, list: ProblemList): void {
  list.add('unclosed-header', list.keyPlace(entry), 'this line begins like a header and is none', {
    hint: 'a header is [NAME] at the start of the line, with nothing behind it',
  });
}

function checkEntry(entry: Entry, section: Section, known: KnownSection, list: ProblemList): void {
  const {name, origin} = section;
  if (entry.key.startsWith('[')) {
    reportUnclosedHeader(entry, list);
    return;
  }
  const meaning = knownKey(known, entry.key);
  const near = nearKey(known, entry.key);
  // Where any key may stand, one that is nearly a known one is a mistake only when the others are not used.
  const isMistyped = meaning === known.anyKey && name === 'test_meta' && near !== undefined;
  if (meaning === undefined || isMistyped) {
    const place = list.keyPlace(entry);
    if (name === 'default' && origin.line === 0) {
      list.add('line-before-section', place, `${entry.key} stands before the first section header`);
      return;
    }
    const other = sectionWithKey(known.file, entry.key);
    const advice = near !== undefined ? `did you mean ${near}?` : other && `it is a key of [${other}]`;
    list.add('unknown-key', place, `[${name}] has no key ${entry.key}`, {hint: advice});
    return;
  }
  if (meaning.isIgnored === true) {
    list.add('no-effect', list.keyPlace(entry), `[${name}] ${entry.key} has no effect`);
    return;
  }
  if (!entry.isDeferred && !/#f|#\{/.test(entry.value)) {
    checkValue(entry, meaning, list);
  }
}

function checkValue(entry: Entry, meaning: KnownKey, list: ProblemList): void {
  const {type} = meaning;
  const value = entry.value.trim();
  const comment = /(?:^|\s)#(?:\s|$)/.exec(value);
  if (comment !== null && type !== 'text' && type !== 'command' && type !== 'rules' && type !== 'sql-type') {
    list.add('inline-comment', list.wordPlace(entry, '#'), 'there are no comments behind values', {
      hint: 'this text is part of the value; put the comment in a line of its own',
    });
  }
  const content = comment === null ? value : value.slice(0, comment.index).trim();
  switch (type) {
    case 'number':
      checkNumber(entry, content, meaning, list);
      return;
    case 'time':
      checkTime(entry, content, list);
      return;
    case 'yes-no':
      checkChoice(entry, content, ['yes', 'no'], list);
      return;
    case 'choice':
      checkChoice(entry, content, meaning.choices ?? [], list);
      return;
    case 'present':
      if (content === 'no') {
        list.add('misleading-no', entry.origin, `${entry.key} is switched on by being there`, {
          hint: 'remove the line to switch it off',
        });
      }
      return;
    case 'regex':
      checkRegex(entry, value, list);
      return;
    case 'test-pattern':
      checkPattern(entry, value, list);
      return;
    case 'item-map':
      checkItemMap(entry, list);
      return;
    case 'text':
    case 'path':
    case 'command':
    case 'words':
    case 'list':
    case 'sql-type':
    case 'parameters':
    case 'rules':
      return;
    default:
      unreachable(type);
  }
}

function checkNumber(entry: Entry, content: string, meaning: KnownKey, list: ProblemList): void {
  const {least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY} = meaning;
  const number = Number(content);
  if (content === '' || Number.isNaN(number)) {
    const usual = meaning.default === '' ? '' : `; ${meaning.default} would be used`;
    list.add('bad-number', entry.origin, `"${content}" is no number${usual}`);
  } else if (number < least || number > most) {
    const bounds = Number.isFinite(most) ? `${least} to ${most}` : `at least ${least}`;
    list.add('bad-number', entry.origin, `${entry.key} is ${content}, allowed is ${bounds}`);
  }
}

function checkTime(entry: Entry, content: string, list: ProblemList): void {
  const wrong = wordsOf(content).find((word) => parseDuration(word) === undefined);
  if (wrong !== undefined || content === '') {
    list.add(
      'bad-time',
      list.wordPlace(entry, wrong ?? ''),
      wrong === undefined ? 'a time is missing' : `"${wrong}" is no time and would be left out`,
      {hint: 'write it like 1d 2h 30m 10s'},
    );
  }
}

function checkChoice(entry: Entry, content: string, choices: readonly string[], list: ProblemList): void {
  if (!choices.includes(content)) {
    list.add('bad-choice', entry.origin, `${entry.key} cannot be "${content}"`, {
      hint: `use one of ${choices.join(', ')}`,
    });
  }
}

function checkRegex(entry: Entry, value: string, list: ProblemList): void {
  try {
    new RegExp(value);
  } catch (error) {
    list.add('bad-regex', entry.origin, reasonOf(error));
  }
}

export function checkPattern(entry: Entry, pattern: string, list: ProblemList): void {
  for (const member of new TestPattern(pattern).invalid) {
    list.add(
      'bad-pattern',
      list.wordPlace(entry, member),
      `"${member}" is no valid pattern, it matches nothing`,
    );
  }
}

function checkItemMap(entry: Entry, list: ProblemList): void {
  for (const line of entry.value.split('\n')) {
    try {
      new ItemMap(line);
    } catch (error) {
      const [source = ''] = wordsOf(line);
      list.add('bad-item-map', list.wordPlace(entry, source), reasonOf(error));
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^Invalid/, 'invalid') : String(error);
}

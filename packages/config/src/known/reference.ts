/** The reference page of all sections and keys, made from the table (docs/reference/configuration.md). */
import type {ConfigFileKind, KnownKey, KnownSection, ValueType} from './known-key.ts';
import {sectionsOf} from './known-sections.ts';

const files: readonly (readonly [ConfigFileKind, string])[] = [
  ['megatest.config', 'The area: where it runs, with what limits and launchers.'],
  ['runconfigs.config', 'Variables by target.'],
  ['testconfig', 'One test: its steps, items, dependencies and limits.'],
  ['.mtviews.config', 'Views of the dashboard.'],
];

const typeNames: Readonly<Record<ValueType, string>> = {
  text: 'text',
  path: 'path',
  command: 'command',
  number: 'number',
  time: 'time, as in `1h 30m`',
  words: 'words',
  list: 'list with commas',
  'yes-no': 'yes or no',
  choice: 'one of',
  present: 'present or not',
  regex: 'regular expression',
  'test-pattern': 'pattern of tests',
  'item-map': 'lines `regex replacement`',
  'sql-type': 'SQL type',
  parameters: '`name=value; ...`',
  rules: 'log rules',
};

export function referenceMarkdown(): string {
  const parts = files.map(([file, doc]) => {
    const sections = sectionsOf(file).map(sectionMarkdown);
    return `## ${file}\n\n${doc}\n\n${sections.join('\n')}`;
  });
  return `# Sections and keys of the configuration files

This page is made from the table that \`megatest config check\` uses. Other sections and keys are allowed everywhere and kept, so
that files can hold data for \`#{get SECTION KEY}\`.

${parts.join('\n')}`;
}

function sectionMarkdown({section, doc, keys, anyKey}: KnownSection): string {
  const shown = [...keys, ...(anyKey === undefined ? [] : [anyKey])];
  const rows = shown.filter((known) => known.isIgnored !== true).map(rowOf);
  const withoutEffect = shown.filter((known) => known.isIgnored === true).map(({key}) => `\`${key}\``);
  const table =
    rows.length === 0 ? '' : `\n| Key | Value | Default | Meaning |\n|---|---|---|---|\n${rows.join('')}`;
  const rest = withoutEffect.length === 0 ? '' : `\nAccepted, without effect: ${withoutEffect.join(', ')}.\n`;
  return `### [${section}]\n\n${doc}\n${table}${rest}`;
}

function rowOf(known: KnownKey): string {
  const choices = known.choices?.map((choice) => `\`${choice}\``).join(', ');
  const type = `${typeNames[known.type]}${choices === undefined ? '' : ` ${choices}`}`;
  const cells = [
    `\`${known.key}\``,
    type,
    known.default === '' ? '' : `\`${known.default.trim()}\``,
    known.doc,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** All known sections, and how they are looked up. */
import {nearNames} from '@megatest/model';
import {areaSections} from './area-sections.ts';
import {type ConfigFileKind, type KnownKey, type KnownSection, key} from './known-key.ts';
import {testSections} from './test-sections.ts';

const otherSections: readonly KnownSection[] = [
  {
    file: 'runconfigs.config',
    section: 'default',
    doc: 'Variables of all targets.',
    keys: [key('TESTPATT', 'test-pattern', '%', 'Tests to run when none are named.')],
    anyKey: key('VAR', 'text', '', 'A variable; CONTOUR:RULETYPE:ACTION is a rule of mtutil.'),
  },
  {
    file: 'runconfigs.config',
    section: 'TARGET',
    doc: 'Variables of one target; [a/%] and [/regex/] add to the matching sections above and to the target.',
    keys: [key('TESTPATT', 'test-pattern', '%', 'Tests to run when none are named.')],
    anyKey: key('VAR', 'text', '', 'A variable, which wins over that of [default].'),
  },
  {
    file: '.mtviews.config',
    section: 'VIEW',
    doc: 'A view of the dashboard.',
    keys: [
      key('type', 'choice', '', 'Kind of the view.', {
        choices: ['external', 'page', 'url', 'table', 'plot', 'testdata', 'grid'],
      }),
      key('order', 'number', '999', 'Place among the views.'),
      key('title', 'text', '', 'Heading.'),
      key('refresh', 'number', '30', 'Seconds between two refreshes, at least 5.', {least: 5}),
      ...['file', 'url', 'sql', 'db', 'link', 'testpatt', 'category', 'variable', 'runs'].map((name) =>
        key(name, 'text', '', 'Depends on the type of the view.'),
      ),
      key('scripts', 'yes-no', 'no', 'Whether scripts of a page run.'),
      key('style', 'choice', 'line', 'Style of a plot.', {choices: ['line', 'step', 'bar']}),
      ...['source', 'viewgen', 'updater'].map((name) => key(name, 'text', '', 'Views in Scheme; not run.')),
    ],
  },
];

export const knownSections: readonly KnownSection[] = [...areaSections, ...otherSections, ...testSections];

export function sectionsOf(file: ConfigFileKind): readonly KnownSection[] {
  return knownSections.filter((section) => section.file === file);
}

/** In runconfigs every section but `default` is a target. */
export function knownSection(file: ConfigFileKind, name: string): KnownSection | undefined {
  const row = file === 'runconfigs.config' && name !== 'default' ? 'TARGET' : name;
  return knownSections.find((section) => section.file === file && section.section === row);
}

/** What a key of a section means; `undefined` when neither it nor any key is known there. */
export function knownKey(section: KnownSection, name: string): KnownKey | undefined {
  return section.keys.find((known) => known.key === name) ?? section.anyKey;
}

/** The known section that a mistyped name may have meant. */
export function nearSection(file: ConfigFileKind, name: string): string | undefined {
  const names = sectionsOf(file).map((section) => section.section);
  const spelled = name.trim().replaceAll('_', '-').toLowerCase();
  return (
    names.find((known) => known.replaceAll('_', '-').toLowerCase() === spelled) ??
    nearNames(name, names, 1)[0]
  );
}

/** The key that a mistyped one may have meant; keys without effect are no advice. */
export function nearKey(section: KnownSection, name: string): string | undefined {
  const names = section.keys.filter((known) => known.isIgnored !== true).map((known) => known.key);
  const spelled = name.replaceAll('_', '-').toLowerCase();
  return (
    names.find((known) => known.replaceAll('_', '-').toLowerCase() === spelled) ??
    nearNames(name, names, 1)[0]
  );
}

/** Where a key is known that stands in the wrong section. */
export function sectionWithKey(file: ConfigFileKind, name: string): string | undefined {
  return sectionsOf(file).find((section) =>
    section.keys.some((known) => known.key === name && known.isIgnored !== true),
  )?.section;
}

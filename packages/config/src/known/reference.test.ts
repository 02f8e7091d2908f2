import {expect, it} from 'vitest';
import {knownSections} from './known-sections.ts';
import {referenceMarkdown} from './reference.ts';

it('the reference page has every section and key of the table', () => {
  const page = referenceMarkdown();
  for (const {section, keys} of knownSections) {
    expect(page).toContain(`### [${section}]\n`);
    for (const {key} of keys) {
      expect(page).toContain(`\`${key}\``);
    }
  }
});

it('no key stands twice in a section', () => {
  for (const {section, file, keys} of knownSections) {
    const names = keys.map(({key}) => key);
    expect([...new Set(names)], `${file} [${section}]`).toEqual(names);
  }
});

it('a default is a value that the check accepts', () => {
  for (const {keys} of knownSections) {
    for (const {key, type, default: value, choices} of keys) {
      if (type === 'number' && value !== '') {
        expect(Number(value), key).not.toBeNaN();
      }
      if (choices !== undefined && value !== '') {
        expect(choices).toContain(value);
      }
    }
  }
});

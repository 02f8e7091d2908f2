/** A config file as it is written: sections and values with their helpers and commands in them, nothing expanded and nothing included. */
import {classifyLine} from './classify-line.ts';
import {readConfigFile} from './config-file.ts';
import {forEachLogicalLine} from './logical-lines.ts';

export type RawSection = {
  readonly name: string;
  readonly entries: readonly (readonly [key: string, value: string])[];
};

/** `undefined` when there is no such file. */
export function readRawConfig(path: string): readonly RawSection[] | undefined {
  const text = readConfigFile(path);
  return text === undefined ? undefined : rawSections(text, path);
}

/** A section that occurs again goes on; a key that does is listed as often. */
export function rawSections(text: string, file: string): readonly RawSection[] {
  const sections = new Map<string, [string, string][]>();
  const open = (name: string) => {
    const entries = sections.get(name) ?? [];
    sections.set(name, entries);
    return entries;
  };
  let entries: [string, string][] | undefined;
  let last: [string, string] | undefined;
  const add = (key: string, value: string) => {
    last = [key, value];
    entries ??= open('default');
    entries.push(last);
  };
  forEachLogicalLine(text, file, ({text: logical}) => {
    const line = classifyLine(logical);
    switch (line.kind) {
      case 'section':
        entries = open(line.name);
        last = undefined;
        return;
      case 'entry':
        add(line.key, line.value);
        return;
      case 'command':
        add(line.key, `[system ${line.command}]`);
        return;
      case 'indented':
        if (last !== undefined) {
          last[1] += `\n${line.text}`;
        }
        return;
      default:
        last = undefined;
    }
  });
  return [...sections].map(([name, list]) => ({name, entries: list}));
}

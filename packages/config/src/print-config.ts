/** Prints a config as `-show-config` does (spec config.md 11, cli.md 11). */
import {UserError} from '@megatest/model';
import type {Config, Entry} from './config.ts';

export const DUMP_MODES = ['ini', 'json', 'sexp', 'sexpr'] as const;

/** `withFiles` (debug level 9) adds to each entry the file it came from. */
export function printConfig(config: Config, mode: string, withFiles = false): string {
  switch (mode) {
    case 'ini':
      return printIni(config, withFiles);
    case 'json':
      return `${JSON.stringify(
        Object.fromEntries(
          config.sections.map((section) => [
            section.name,
            section.entries.map(({key, value, origin}) =>
              withFiles ? [key, value, origin.file] : [key, value],
            ),
          ]),
        ),
      )}\n`;
    case 'sexp':
    case 'sexpr':
      return printSexpr(config);
    default:
      throw new UserError(`-dumpmode of ${mode} not recognised`, {
        hint: `use one of ${DUMP_MODES.join(', ')}`,
      });
  }
}

function printIni(config: Config, withFiles: boolean): string {
  return config.sections
    .map((section) => {
      const lines = section.entries.map((entry) => {
        const source = withFiles ? `# ${entry.key}=>${entry.origin.file}\n` : '';
        return `${source}${entry.key}${iniValue(entry)}\n`;
      });
      return `\n[${section.name}]\n${lines.join('')}`;
    })
    .join('');
}

/** The value as it is written behind its key, so that reading it again gives the same: blanks alone are the value of a key. */
function iniValue({value, isDeferred}: Entry): string {
  if (isDeferred) {
    return ` [system ${value}]`;
  }
  const [first = '', ...more] = value.split('\n');
  const gap = first.trim() === '' ? '' : ' ';
  return [`${gap}${first}`, ...more.map((line) => `  ${line}`)].join('\n');
}

function printSexpr(config: Config): string {
  const quote = (text: string) => `"${text.replace(/[\\"]/g, '\\$&')}"`;
  const sections = config.sections.map((section) => {
    const entries = section.entries.map(({key, value}) => `\n  (${quote(key)} ${quote(value)})`);
    return `(${quote(section.name)}${entries.join('')})`;
  });
  return `(${sections.join('\n ')})\n`;
}

/** `-show-cmdinfo`: what a launched test knows (spec execution.md 8). */
import {decodeCommandInfo} from '@megatest/manager';
import type {Messages} from '../messages.ts';

export function showCommandInfo(
  words: {value(...options: readonly string[]): string | undefined},
  messages: Messages,
): void {
  const encoded = words.value(':value') ?? process.env.MT_CMDINFO;
  if (encoded === undefined || encoded === '') {
    messages.info(0, 'environment variable MT_CMDINFO is not set');
    return;
  }
  const info = Object.entries(decodeCommandInfo(encoded));
  if (words.value('-dumpmode') === 'json') {
    messages.print(`${JSON.stringify(info)}\n`);
    return;
  }
  const quote = (value: unknown): string =>
    Array.isArray(value)
      ? `(${value.map(quote).join(' ')})`
      : typeof value === 'number'
        ? String(value)
        : value === null
          ? '#f'
          : `"${String(value).replace(/[\\"]/g, '\\$&')}"`;
  messages.print(`(${info.map(([name, value]) => `("${name}" ${quote(value)})`).join('\n ')})\n`);
}

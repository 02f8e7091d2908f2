/** `-envcap CONTEXT [DB]` and `-envdelta A-B [DB]`: environments kept in a small SQLite file, and compared (spec cli.md 14). */
import {writeFileSync} from 'node:fs';
import {resolve} from 'node:path';
import {envDelta, printEnvDelta} from '@megatest/config';
import {UserError} from '@megatest/model';
import {EnvironmentFile} from '@megatest/store';
import type {Messages} from '../messages.ts';
import {environment} from '../session.ts';
import type {HelperWords} from './helper-call.ts';

export function captureOrCompare(words: HelperWords, messages: Messages): void {
  using file = new EnvironmentFile(resolve(words.remainder[0] ?? 'envdat.db'));
  const context = words.value('-envcap');
  if (context !== undefined) {
    file.capture(context, environment());
    return;
  }
  const [before, after, ...more] = (words.value('-envdelta') ?? '').split('-');
  if (before === undefined || after === undefined || after === '' || more.length > 0) {
    throw new UserError('ERROR: -envdelta needs two contexts, joined by a dash, such as before-after', {
      hint: 'names of contexts hold no dash',
      exitCode: 1,
    });
  }
  const text = printEnvDelta(
    envDelta(file.read(before), file.read(after)),
    words.value('-dumpmode') ?? 'bash',
  );
  const output = words.value('-o');
  if (output === undefined) {
    messages.print(text);
  } else {
    writeFileSync(output, text);
  }
}

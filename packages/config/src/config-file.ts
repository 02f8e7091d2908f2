/** The files that a config is read from. */
import {accessSync, constants, readFileSync, statSync} from 'node:fs';
import {UserError} from '@megatest/model';

const maxFileBytes = 256 * 1024 * 1024;

/** The text of a file; `undefined` when there is none that can be read. */
export function readConfigFile(path: string): string | undefined {
  let text: string;
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) {
      return undefined;
    }
    if (!stats.isFile() && path !== '/dev/null') {
      throw new UserError('this is no regular file, so it is not read', {place: {file: path}});
    }
    if (stats.size > maxFileBytes) {
      throw new UserError(
        `the file has ${stats.size} bytes, a config file may have at most ${maxFileBytes}`,
        {place: {file: path}},
      );
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    return undefined;
  }
  return text.startsWith('\uFEFF') ? text.slice(1) : text;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

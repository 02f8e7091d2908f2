/** The program that this process was started from: has another version been put in its place since? */
import {statSync} from 'node:fs';

export class ProgramFile {
  readonly path: string;
  readonly #atStart: string;

  constructor(path = process.argv[1] ?? '') {
    this.path = path;
    this.#atStart = identityOf(path);
  }

  /** False while it is not there, as in the middle of an installation. */
  get isReplaced(): boolean {
    const now = identityOf(this.path);
    return now !== '' && now !== this.#atStart;
  }
}

function identityOf(path: string): string {
  const found = statSync(path, {throwIfNoEntry: false});
  return found === undefined ? '' : `${found.dev} ${found.ino} ${found.size} ${found.mtimeMs}`;
}

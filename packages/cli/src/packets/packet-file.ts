/** Files of packets: others may write into their directory. */
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {type Cards, packetFileName, printPacket, UserError} from '@megatest/model';

/** A packet is a few lines; what is larger is something else. */
const mostPacketBytes = 1024 * 1024;

/** What a plain file holds, and who owns it; follows no link and waits for no pipe. */
export function readPacketFile(path: string): {readonly text: string; readonly uid: number} {
  const notPlain = `${path} is skipped: it is no plain file of less than ${mostPacketBytes / 1024} KiB`;
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const isLink = (error as NodeJS.ErrnoException).code === 'ELOOP';
    throw new UserError(isLink ? notPlain : `${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > mostPacketBytes) {
      throw new UserError(notPlain);
    }
    return {text: readFileSync(file, 'utf8'), uid: stat.uid};
  } finally {
    closeSync(file);
  }
}

/** Writes it under another name first: what has the name of a packet is read. Returns the path. */
export function writePacket(cards: Cards, directory: string): string {
  const {uuid, text} = printPacket(cards);
  const path = join(directory, packetFileName(uuid));
  const fresh = `${path}.new.${process.pid}`;
  try {
    mkdirSync(directory, {recursive: true});
    writeFileSync(fresh, text);
    renameSync(fresh, path);
  } catch (error) {
    throw new UserError(`${path} cannot be written: ${(error as Error).message}`);
  }
  return path;
}

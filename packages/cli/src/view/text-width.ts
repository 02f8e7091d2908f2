/**
 * Columns that a text takes on a terminal, for text that we write ourselves: printable ASCII with colours. Bundles have it in the place
 * of the package `string-width`, which yargs brings.
 */
import {stripVTControlCharacters} from 'node:util';

export default function textWidth(text: string): number {
  return stripVTControlCharacters(text).length;
}

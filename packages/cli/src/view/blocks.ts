/** Long documents, printed while they are made: not piece by piece, which costs a call of the system each, and not as a whole. */

export type Enclosing = {
  readonly open: string;
  readonly separator: string;
  readonly close: string;
  /** In the place of all that when there is nothing to enclose. */
  readonly empty: string;
};

/** Characters of a block, at least. */
const blockLength = 64 * 1024;

/** The text of all nodes in their enclosing, in blocks. */
export function* enclosed(
  nodes: Iterable<string>,
  {open, separator, close, empty}: Enclosing,
): Generator<string> {
  let block = '';
  let before = open;
  let isEmpty = true;
  for (const node of nodes) {
    block += before + node;
    before = separator;
    isEmpty = false;
    if (block.length >= blockLength) {
      yield block;
      block = '';
    }
  }
  yield isEmpty ? empty : block + close;
}

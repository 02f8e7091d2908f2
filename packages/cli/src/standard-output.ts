/**
 * Standard output is made by Node when it is first used, which takes longer than all else that a helper call does after its answer has
 * come; most of them print nothing.
 */

/** Tells `onError` of the first and every error of it. The result ends the use of it: what was printed is written first, if anything was. */
export function watchOutput(onError: (error: NodeJS.ErrnoException) => void): (then: () => void) => void {
  const own = Object.getOwnPropertyDescriptor(process, 'stdout');
  let made: NodeJS.WriteStream | undefined;
  Object.defineProperty(process, 'stdout', {
    ...own,
    get: () => {
      if (made === undefined) {
        made = own?.get?.call(process) as NodeJS.WriteStream;
        made.on('error', onError);
      }
      return made;
    },
  });
  return (then) => {
    if (made === undefined) {
      then();
    } else {
      made.write('', then);
    }
  };
}

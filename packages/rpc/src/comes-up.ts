/** Waits for a process that was started a moment ago: it says so to nobody, and is mostly there after a tenth of a second. */
const lookMs = 15;

/** Looks until `isUp` or for `limitMs`. */
export async function comesUp(isUp: () => Promise<boolean> | boolean, limitMs: number): Promise<boolean> {
  const beganMs = performance.now();
  while (!(await isUp())) {
    if (performance.now() - beganMs > limitMs) {
      return false;
    }
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  return true;
}

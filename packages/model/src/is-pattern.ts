/** Whether a target or name of stored runs, or of tests, may mean more than one. */
export function isPattern(text: string): boolean {
  return /[%*?[]/.test(text);
}

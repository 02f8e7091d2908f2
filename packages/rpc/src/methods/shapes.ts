/** What the parameters of several methods are made of. */
import * as z from 'zod';

/** Comments, values, patterns. */
export const text = z.string().max(64 * 1024);
export const name = z.string().max(4096);
export const id = z.number().int().nonnegative();
export const names = z.array(name).max(10_000);
export const testRef = z.union([
  z.strictObject({testId: id}),
  z.strictObject({runId: id, testName: name, itemPath: name}),
]);

export type TestRef = z.output<typeof testRef>;

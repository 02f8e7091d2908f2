/** What the parameters of several methods are made of. */
import * as z from 'zod';

/** Rows of one reply, and entries of one batch (spec homehost.md 8.4). */
export const ROWS_PER_REPLY = 5000;
export const batchEntries = 1000;

/** Patterns, command lines. */
export const text = z.string().max(64 * 1024);
/** Comments and values: what is too long is cut by the daemon, not refused, so that no test loses its result over it. */
export const longText = z.string();
/** What the reply before called `next`; empty = from the start. */
export const cursor = z.string();
export const name = z.string().max(4096);
export const id = z.number().int().nonnegative();
export const names = z.array(name).max(10_000);
export const testRef = z.union([
  z.strictObject({testId: id}),
  z.strictObject({runId: id, testName: name, itemPath: name}),
]);

export const testIds = z.array(id).max(batchEntries);

export type TestRef = z.output<typeof testRef>;

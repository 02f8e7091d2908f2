/** What the parameters of several methods are made of. */
import * as z from 'zod';
import {limits} from '../peer.ts';

/** Comments, values, patterns. */
export const text = z.string().max(64 * 1024);
/** What the reply before called `next`; empty = from the start. */
export const cursor = z.string();
export const name = z.string().max(4096);
export const id = z.number().int().nonnegative();
export const names = z.array(name).max(10_000);
/** A comment or a value; what is longer than 64 KiB is cut by the handler, with a warning (spec homehost.md 8.4). */
export const longText = z.string();
export const rowLimit = z.number().int().positive().max(limits.rows);
export const testRef = z.union([
  z.strictObject({testId: id}),
  z.strictObject({runId: id, testName: name, itemPath: name}),
]);

export const testIds = z.array(id).max(limits.batch);

export type TestRef = z.output<typeof testRef>;

/** Rows as lists; with `next` there are more, which it asks for as `cursor`. */
export type Page<Value> = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
  readonly next?: string;
};

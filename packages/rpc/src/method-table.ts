/**
 * How a table of remote methods is written: parameters as a zod schema, which is checked where they arrive, the result as a type,
 * and what the transport has to know of the method.
 */
import * as z from 'zod';

/** `read`: must see all earlier writes; `write`: changes rows, done once; `long`: answered when something has happened. */
export type MethodKind = 'read' | 'write' | 'long';

export type Method<P extends z.ZodType = z.ZodType, R = unknown> = {
  readonly doc: string;
  readonly kind: MethodKind;
  readonly params: P;
  /** Who may call it, where that does not follow from its kind: writes are for operators, all else for everybody. */
  readonly needs?: 'operator';
  /** Only a type: results come from our own other end. */
  readonly result?: R;
};

export type MethodTable = Readonly<Record<string, Method>>;

/** Declares one method; the result type is given as `method<Result>()(kind, doc, params)`. */
export function method<R>() {
  return <P extends z.ZodRawShape>(
    kind: MethodKind,
    doc: string,
    params: P,
    needs?: 'operator',
  ): Method<z.ZodObject<P>, R> => ({
    kind,
    doc,
    ...(needs === undefined ? {} : {needs}),
    // Unknown names are refused: a misspelt option must not be ignored.
    params: z.strictObject(params) as unknown as z.ZodObject<P>,
  });
}

export type ParamsOf<T extends MethodTable, M extends keyof T> = z.input<T[M]['params']>;
export type ParsedParamsOf<T extends MethodTable, M extends keyof T> = z.output<T[M]['params']>;
export type ResultOf<T extends MethodTable, M extends keyof T> =
  T[M] extends Method<z.ZodType, infer R> ? R : never;

export type Handlers<T extends MethodTable, Context> = {
  readonly [M in keyof T]?: (
    params: ParsedParamsOf<T, M>,
    context: Context,
  ) => Promise<ResultOf<T, M>> | ResultOf<T, M>;
};

/** Path below `docs/` to text. */
export declare function generatedPages(): ReadonlyMap<string, string>;

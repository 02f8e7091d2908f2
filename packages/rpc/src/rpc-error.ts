/** The errors of the wire (spec homehost.md 8.3): one table of names, codes and what a client does about each. */

export const RPC_CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  overloaded: -32001,
  readOnlyArea: -32002,
  notHomehost: -32003,
  protocolMismatch: -32004,
  areaMismatch: -32005,
  loginRequired: -32006,
  notFound: -32007,
  conflict: -32008,
  dbBusy: -32009,
  dbCorrupt: -32010,
  diskFull: -32011,
  shuttingDown: -32012,
  timeout: -32013,
  tooLarge: -32014,
  invalidValue: -32015,
  unsupportedSchema: -32016,
  notAllowed: -32017,
  noManager: -32018,
} as const;

export type RpcErrorName = keyof typeof RPC_CODES;

const nameByCode: ReadonlyMap<number, RpcErrorName> = new Map(
  Object.entries(RPC_CODES).map(([name, code]) => [code, name as RpcErrorName]),
);

export class RpcError extends Error {
  readonly kind: RpcErrorName;
  readonly data: unknown;

  constructor(kind: RpcErrorName, message: string, data?: unknown) {
    super(message);
    this.name = 'RpcError';
    this.kind = kind;
    this.data = data;
  }

  get code(): number {
    return RPC_CODES[this.kind];
  }

  static fromWire(error: {
    readonly code: number;
    readonly message: string;
    readonly data?: unknown;
  }): RpcError {
    return new RpcError(nameByCode.get(error.code) ?? 'internal', error.message, error.data);
  }
}

/** What went wrong, for programs: the message says it for people. */
export type DatasetErrorCode =
  | 'FILE_NOT_FOUND'
  | 'READ_FAILED'
  | 'WRITE_FAILED'
  | 'CORRUPT_SHARD'
  | 'INVALID_TOKEN'
  | 'INVALID_ARGUMENT'
  | 'TOO_FEW_TOKENS'
  | 'STATE_MISMATCH'
  | 'EXHAUSTED';

/** A shard cannot be read or written, or what was asked for cannot be given: the message names the file and what to do. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly code: DatasetErrorCode;

  constructor(code: DatasetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What kind of thing went wrong; the message has the particulars. */
export type ModelErrorCode = 'INVALID_CONFIG' | 'UNSUPPORTED_CONFIG' | 'BAD_TENSORS' | 'INVALID_ARGUMENT';

/** A model cannot be what it is asked to be: a bad configuration, tensors that don't fit it, or a wrong argument. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

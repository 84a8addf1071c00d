/** Why a call of this package was refused. */
export type QualityErrorCode =
  | 'INVALID_OPTION'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_NOT_LOADED'
  | 'FILE_NOT_FOUND'
  | 'INVALID_INPUT'
  | 'INVALID_CONFIG'
  | 'ENDPOINT_FAILED'
  | 'UNWRITABLE_FILE';

/** A user error: the message says what was wrong, what was expected, what was got and how to put it right. */
export class QualityError extends Error {
  override readonly name = 'QualityError';
  readonly code: QualityErrorCode;

  constructor(code: QualityErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

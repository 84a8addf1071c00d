/** What kind of thing went wrong with a model file; the message has the particulars. */
export type WeightsErrorCode =
  | 'INVALID_ARGUMENT'
  | 'TRUNCATED'
  | 'BAD_HEADER'
  | 'BAD_TENSOR'
  | 'UNSUPPORTED_DTYPE'
  | 'TENSOR_NOT_FOUND'
  | 'FILE_NOT_FOUND'
  | 'BAD_FOLDER'
  | 'UNSUPPORTED_MODEL';

/** A model file or folder is not what it should be. The message names the file and the tensor. */
export class WeightsError extends Error {
  override readonly name = 'WeightsError';
  readonly code: WeightsErrorCode;

  constructor(code: WeightsErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

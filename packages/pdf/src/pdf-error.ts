/** What went wrong, for programs: `ENCRYPTED`, `NOT_A_PDF`, … The message says it for people. */
export type PdfErrorCode =
  | 'FILE_NOT_FOUND'
  | 'UNREADABLE_FILE'
  | 'UNWRITABLE_FILE'
  | 'NOT_A_PDF'
  | 'DAMAGED'
  | 'TRUNCATED'
  | 'ENCRYPTED'
  | 'UNSUPPORTED'
  | 'TOO_LARGE'
  | 'FORBIDDEN_ADDRESS'
  | 'FORBIDDEN_BY_ROBOTS'
  | 'FETCH_FAILED'
  | 'TIMED_OUT'
  | 'INVALID_ARGUMENT';

/** The one error class of this package. */
export class PdfError extends Error {
  override readonly name = 'PdfError';
  readonly code: PdfErrorCode;

  constructor(code: PdfErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What went wrong, for programs: `FILE_NOT_FOUND`, `DAMAGED_WARC`, … The message says it for people. */
export type WebErrorCode =
  | 'FILE_NOT_FOUND'
  | 'UNREADABLE_FILE'
  | 'DAMAGED_WARC'
  | 'UNSUPPORTED'
  | 'BAD_HTTP'
  | 'BAD_ENCODING'
  | 'TOO_LARGE'
  | 'TOO_MUCH_WORK'
  | 'INVALID_ARGUMENT';

/** The one error class of this package. */
export class WebError extends Error {
  override readonly name = 'WebError';
  readonly code: WebErrorCode;

  constructor(code: WebErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * What went wrong:
 * - `INVALID_OPTION`: an option is out of range or contradicts another
 * - `INVALID_RECORD`: a record of an input file is no document
 * - `INVALID_STATE`: saved state cannot be restored
 * - `SIGNATURE_MISMATCH`: signatures of unlike settings were mixed
 * - `RUN_MISMATCH`: a folder holds a run with other settings or inputs
 * - `DAMAGED_STAGE_FILE`: a stage file is not as it was written, and cannot be made again now
 * - `OUT_OF_MEMORY`: more memory is needed than was allowed
 * - `WORKER_FAILED`: a worker thread has ended
 * - `FILE_NOT_FOUND`, `UNREADABLE_FILE`, `UNWRITABLE_FILE`, `OUTPUT_IS_INPUT`: a file, named in the message
 */
export type DedupErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_RECORD'
  | 'INVALID_STATE'
  | 'SIGNATURE_MISMATCH'
  | 'RUN_MISMATCH'
  | 'DAMAGED_STAGE_FILE'
  | 'OUT_OF_MEMORY'
  | 'WORKER_FAILED'
  | 'FILE_NOT_FOUND'
  | 'UNREADABLE_FILE'
  | 'UNWRITABLE_FILE'
  | 'OUTPUT_IS_INPUT';

/** An error that the user of this package can do something about; the message says what. */
export class DedupError extends Error {
  override readonly name = 'DedupError';
  readonly code: DedupErrorCode;

  /**
   * @param code kind of the error, for programs
   * @param message what was wrong, what was expected and got, and how to fix it, for people
   */
  constructor(code: DedupErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

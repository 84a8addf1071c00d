/** What went wrong, for programs. */
export type PretrainErrorCode =
  | 'RECIPE_NOT_FOUND'
  | 'RECIPE_INVALID'
  | 'INPUT_NOT_FOUND'
  | 'INPUT_DAMAGED'
  | 'EMPTY_CORPUS'
  | 'STEP_MISSING'
  | 'RUN_BUSY'
  | 'RUN_NOT_FOUND'
  | 'RUN_NOT_WRITABLE'
  | 'WRITE_FAILED'
  | 'SAMPLE_NOT_INSTALLED'
  | 'EXPORT_MISMATCH'
  | 'HEADS_INVALID'
  | 'LLAMA_NOT_INSTALLED'
  | 'TEACHER_MISMATCH'
  | 'STOPPED';

/** An error that the user can mend: the message says what was wrong, where, and what to do. */
export class PretrainError extends Error {
  override readonly name = 'PretrainError';
  readonly code: PretrainErrorCode;

  constructor(code: PretrainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

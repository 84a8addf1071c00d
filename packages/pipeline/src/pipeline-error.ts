/** What went wrong, for programs: the message says it for people. */
export type PipelineErrorCode =
  | 'INVALID_ARGUMENT'
  | 'FILE_NOT_FOUND'
  | 'READ_FAILED'
  | 'DAMAGED_INPUT'
  | 'WRITE_FAILED'
  | 'STEPS_FAILED'
  | 'RECORD_FAILED'
  | 'TOO_MANY_REASONS'
  | 'TOO_MANY_FILES'
  | 'WORKER_FAILED'
  | 'CONFIG_CHANGED'
  | 'TASKS_FAILED'
  | 'MISSING_PACKAGE'
  | 'STOPPED';

/** The pipeline cannot do what it was asked: the message names the file and the record, and says what to do. */
export class PipelineError extends Error {
  override readonly name = 'PipelineError';
  readonly code: PipelineErrorCode;

  constructor(code: PipelineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The message of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * - `BAD_OPTION`: an option is out of range
 * - `SHAPE_MISMATCH`: tensors do not fit together
 * - `BAD_LOGITS`: a teacher gave something that is not a finite number
 * - `CACHE_MISMATCH`: a teacher cache is of another tokenizer, shard, vocabulary, length or k
 * - `CORRUPT_CACHE`: a file is no teacher cache, was cut short or damaged
 * - `CACHE_INCOMPLETE`: parts of a cache have not been written yet
 * - `FILE_NOT_FOUND`: there is no such file
 */
export type DistillErrorCode =
  | 'BAD_OPTION'
  | 'SHAPE_MISMATCH'
  | 'BAD_LOGITS'
  | 'CACHE_MISMATCH'
  | 'CORRUPT_CACHE'
  | 'CACHE_INCOMPLETE'
  | 'FILE_NOT_FOUND';

/** What a distillation loss was given does not fit; the message says what was expected and what was got. */
export class DistillError extends Error {
  override readonly name = 'DistillError';
  readonly code: DistillErrorCode;

  constructor(code: DistillErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws `SHAPE_MISMATCH` with the message unless the condition holds. */
export function checkShape(fits: boolean, message: () => string): void {
  if (!fits) throw new DistillError('SHAPE_MISMATCH', message());
}

/** Throws `BAD_OPTION` unless `value` is a number in [minimum, maximum]. */
export function checkRange(name: string, value: number, minimum: number, maximum: number): void {
  if (typeof value === 'number' && value >= minimum && value <= maximum) return;
  throw new DistillError('BAD_OPTION', `${name} must be a number in [${minimum}, ${maximum}], got ${String(value)}`);
}

/** Throws `BAD_OPTION` unless `value` is an integer ≥ 1. */
export function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new DistillError('BAD_OPTION', `${name} must be an integer ≥ 1, got ${String(value)}`);
}

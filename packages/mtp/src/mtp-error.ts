/**
 * - `BAD_OPTION`: an option is out of range
 * - `SHAPE_MISMATCH`: tensors do not fit together
 */
export type MtpErrorCode = 'BAD_OPTION' | 'SHAPE_MISMATCH';

/** Heads cannot be made or used as asked; the message says what was expected and what was got. */
export class MtpError extends Error {
  override readonly name = 'MtpError';
  readonly code: MtpErrorCode;

  constructor(code: MtpErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws `SHAPE_MISMATCH` with the message unless the condition holds. */
export function checkShape(fits: boolean, message: () => string): void {
  if (!fits) throw new MtpError('SHAPE_MISMATCH', message());
}

/** Throws `BAD_OPTION` unless `value` is an integer ≥ 1. */
export function checkCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1)
    throw new MtpError('BAD_OPTION', `${name} must be an integer ≥ 1, got ${String(value)}`);
}

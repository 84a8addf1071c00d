/** What was wrong with a call: tensors whose shapes don't fit together, or an option outside its range. */
export type OpsErrorCode = 'SHAPE_MISMATCH' | 'INVALID_ARGUMENT';

/** The error every operation of this package throws when it is called wrongly. */
export class OpsError extends Error {
  override readonly name = 'OpsError';
  readonly code: OpsErrorCode;

  constructor(code: OpsErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws `SHAPE_MISMATCH` with the message unless the shapes fit. */
export function checkShape(fits: boolean, message: () => string): void {
  if (!fits) throw new OpsError('SHAPE_MISMATCH', message());
}

/** Throws `INVALID_ARGUMENT` with the message unless the option is in range. */
export function checkArgument(valid: boolean, message: () => string): void {
  if (!valid) throw new OpsError('INVALID_ARGUMENT', message());
}

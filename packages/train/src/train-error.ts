/**
 * - `BAD_OPTION`: an option is missing, out of range or contradicts another
 * - `DIVERGED`: loss or gradients stayed NaN or infinite for several steps
 * - `CHECKPOINT_MISSING`: `latest` names a checkpoint that is not there
 * - `CHECKPOINT_DAMAGED`: a file of a checkpoint is truncated, changed or not what it should be
 * - `CHECKPOINT_MISMATCH`: a checkpoint is whole but belongs to another model, optimizer or data set
 * - `SINK_MISMATCH`: a metrics file is shorter than the checkpoint says it was
 */
export type TrainErrorCode =
  | 'BAD_OPTION'
  | 'DIVERGED'
  | 'CHECKPOINT_MISSING'
  | 'CHECKPOINT_DAMAGED'
  | 'CHECKPOINT_MISMATCH'
  | 'SINK_MISMATCH';

/** Training cannot start or go on; the message names the option, file or step and says what to do. */
export class TrainError extends Error {
  override readonly name = 'TrainError';
  readonly code: TrainErrorCode;

  constructor(code: TrainErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Throws `BAD_OPTION` unless `value` is an integer ≥ `minimum`. */
export function checkCount(name: string, value: number, minimum = 1): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new TrainError('BAD_OPTION', `${name} must be an integer ≥ ${minimum}, got ${String(value)}`);
}

/** Throws `BAD_OPTION` unless `value` is a number in [minimum, maximum]. */
export function checkRange(name: string, value: number, minimum: number, maximum = Infinity): void {
  if (typeof value === 'number' && value >= minimum && value <= maximum) return;
  throw new TrainError('BAD_OPTION', `${name} must be a number in [${minimum}, ${maximum}], got ${String(value)}`);
}

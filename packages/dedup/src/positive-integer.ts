import { DedupError } from './dedup-error.ts';

/** @throws DedupError `INVALID_OPTION` where the value is no positive integer */
export function checkPositiveInteger(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new DedupError('INVALID_OPTION', `${name} must be a positive integer, got ${value}`);
}

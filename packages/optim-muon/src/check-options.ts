import { OptimizerError } from './optimizer-error.ts';

/** Throws unless `minimum ≤ value < below`. */
export function checkRange(name: string, value: number, minimum: number, below = Infinity): void {
  if (typeof value === 'number' && value >= minimum && value < below) return;
  const range = below === Infinity ? `a number ≥ ${minimum}` : `a number in [${minimum}, ${below})`;
  throw new OptimizerError('BAD_OPTION', `${name} must be ${range}, got ${String(value)}`);
}

/** Throws unless `value` is one of `choices`. */
export function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new OptimizerError('BAD_OPTION', `${name} must be one of ${choices.join(', ')}, got ${String(value)}`);
}

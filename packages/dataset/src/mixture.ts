import { DatasetError } from './dataset-error.ts';

/** Weights are fractions of sequences; published ones are rounded, so a sum this close to 1 needs no word. */
const SUM_TOLERANCE = 1e-6;

/** How sequences are shared out over sources: source i is drawn for numbers in [cumulative[i-1], cumulative[i]). */
export interface Mixture {
  readonly names: readonly string[];
  readonly cumulative: readonly number[];
}

/**
 * Normalises weights to fractions. SmolLM3's decay stage sums to 1.00565: such sums are taken and reported.
 *
 * @param stage named in messages
 * @param onWarning told when the weights do not sum to 1
 * @throws DatasetError INVALID_ARGUMENT
 */
export function normalizeMixture(
  weights: Readonly<Record<string, number>>,
  stage: number,
  onWarning: (message: string) => void,
): Mixture {
  const entries = Object.entries(weights).filter(([name, weight]) => {
    if (Number.isFinite(weight) && weight >= 0) return weight > 0;
    throw new DatasetError('INVALID_ARGUMENT', `stage ${stage}: the weight of "${name}" must be ≥ 0, got ${weight}`);
  });
  const sum = entries.reduce((total, [, weight]) => total + weight, 0);
  if (sum === 0) throw new DatasetError('INVALID_ARGUMENT', `stage ${stage}: no source has a weight above 0`);
  if (Math.abs(sum - 1) > SUM_TOLERANCE) {
    onWarning(`stage ${stage}: the mixture's weights sum to ${Number(sum.toPrecision(7))}, not 1; they are normalised`);
  }
  let reached = 0;
  const cumulative = entries.map(([, weight]) => (reached += weight) / sum);
  return { names: entries.map(([name]) => name), cumulative };
}

/** The source that a number uniform in [0, 1) stands for. */
export function drawSource({ names, cumulative }: Mixture, uniform: number): string {
  const index = cumulative.findIndex((limit) => uniform < limit);
  return names[index === -1 ? names.length - 1 : index];
}

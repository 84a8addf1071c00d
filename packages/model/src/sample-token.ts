import { ModelError } from './model-error.ts';

/** How the next token is chosen from the logits. The filters are applied in this order, as in transformers. */
export interface SamplingOptions {
  /** Divides the logits; 0 always takes the most likely token (default 1). */
  temperature?: number;
  /** Keep the K most likely tokens, and those just as likely as the last of them (default: all). */
  topK?: number;
  /** Keep the fewest most likely tokens whose probabilities reach P together (default 1: all). */
  topP?: number;
  /** Keep tokens at least `minP` times as likely as the most likely one (default 0: all). */
  minP?: number;
  /** Above 1 makes tokens less likely that stand in the prompt or were generated (Keskar et al. 2019; default 1: off). */
  repetitionPenalty?: number;
}

function checkOptions({ temperature = 1, topK = 1, topP = 1, minP = 0, repetitionPenalty = 1 }: SamplingOptions): void {
  const check = (valid: boolean, name: string, expected: string, value: number) => {
    if (!valid) throw new ModelError('INVALID_ARGUMENT', `${name} must be ${expected}, got ${value}`);
  };
  check(temperature >= 0 && temperature < Infinity, 'temperature', 'at least 0', temperature);
  check(Number.isInteger(topK) && topK > 0, 'topK', 'a positive integer', topK);
  check(topP > 0 && topP <= 1, 'topP', 'in (0, 1]', topP);
  check(minP >= 0 && minP <= 1, 'minP', 'in [0, 1]', minP);
  check(repetitionPenalty > 0 && repetitionPenalty < Infinity, 'repetitionPenalty', 'above 0', repetitionPenalty);
}

/** Index of the largest logit, the first one if several are equal. */
function argMax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  return best;
}

/** Smallest weight among the `topK` largest that are needed to hold the share `topP` of them. */
function cutoffWeight(weights: Float64Array, topK: number, topP: number): number {
  if (topK >= weights.length && topP === 1) return 0;
  const largest = weights.toSorted().reverse().subarray(0, topK);
  const needed = topP * largest.reduce((sum, weight) => sum + weight, 0);
  let held = 0;
  return largest.find((weight) => (held += weight) >= needed) ?? largest[largest.length - 1];
}

/** Draws in proportion to the weights that reach the cutoff. */
function draw(weights: Float64Array, cutoff: number, uniform: number): number {
  const isKept = (weight: number) => weight >= cutoff;
  let remaining = uniform * weights.reduce((sum, weight) => (isKept(weight) ? sum + weight : sum), 0);
  const id = weights.findIndex((weight) => isKept(weight) && (remaining -= weight) < 0);
  return id < 0 ? weights.findLastIndex(isKept) : id;
}

/**
 * Logits with those of seen tokens made smaller: positive ones divided by the penalty, negative ones multiplied, as in
 * transformers.
 *
 * @returns the same array when there is nothing to do, else a copy
 */
export function penalizeRepetition(logits: Float32Array, seen: Iterable<number>, penalty: number): Float32Array {
  if (penalty === 1) return logits;
  const penalized = logits.slice();
  for (const id of new Set(seen)) penalized[id] = logits[id] > 0 ? logits[id] / penalty : logits[id] * penalty;
  return penalized;
}

/** Weights of all tokens, the likeliest one's 1, and the smallest weight that the filters leave. */
function filteredWeights(logits: Float32Array, options: SamplingOptions): { weights: Float64Array; cutoff: number } {
  const { temperature = 1, topK = logits.length, topP = 1, minP = 0 } = options;
  const largest = logits[argMax(logits)];
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  return { weights, cutoff: Math.max(minP, cutoffWeight(weights, topK, topP)) };
}

/**
 * The distribution that {@link sampleToken} draws from.
 *
 * @param logits one per token of the vocabulary, with penalties applied
 * @returns probabilities, 0 for tokens that the filters take away
 * @throws ModelError `INVALID_ARGUMENT` when an option is out of range
 */
export function tokenProbabilities(logits: Float32Array, options: SamplingOptions): Float64Array {
  checkOptions(options);
  const best = argMax(logits);
  if (options.temperature === 0 || options.topK === 1) return new Float64Array(logits.length).fill(1, best, best + 1);
  const { weights, cutoff } = filteredWeights(logits, options);
  let sum = 0;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] < cutoff) weights[id] = 0;
    sum += weights[id];
  }
  for (let id = 0; id < weights.length; id++) weights[id] /= sum;
  return weights;
}

/**
 * Chooses a token: softmax of the logits at a temperature, cut down by top-k, top-p (Holtzman et al. 2020) and min-p.
 *
 * @param logits one per token of the vocabulary, with penalties applied
 * @param uniform a random number in [0, 1), the only randomness
 * @returns the token's id
 * @throws ModelError `INVALID_ARGUMENT` when an option is out of range
 */
export function sampleToken(logits: Float32Array, options: SamplingOptions, uniform: number): number {
  checkOptions(options);
  if (options.temperature === 0 || options.topK === 1) return argMax(logits);
  const { weights, cutoff } = filteredWeights(logits, options);
  return draw(weights, cutoff, uniform);
}

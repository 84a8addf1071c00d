import { DistillError } from './distill-error.ts';

/** Some ids of one row of a teacher. */
export interface SampledRow {
  /** K different ids, in rising order of where they stand in the vocabulary */
  ids: Int32Array;
  /** unbiased estimate of the teacher's probabilities: 0 for all other ids; they sum to 1 */
  weights: Float64Array;
}

/** The likeliest ids of one row of a teacher, the likeliest first; of equals the lower id. */
export interface TopRow {
  ids: Int32Array;
  probabilities: Float64Array;
}

/**
 * softmax(logits / T) in f64.
 *
 * @param place named in errors
 * @throws DistillError `BAD_LOGITS` when one is not finite
 */
export function rowProbabilities(logits: Float32Array, temperature: number, place: string): Float64Array {
  let largest = -Infinity;
  for (let id = 0; id < logits.length; id++) {
    if (!Number.isFinite(logits[id])) {
      throw new DistillError(
        'BAD_LOGITS',
        `the teacher's logits must be finite numbers, got ${logits[id]} for id ${id} at ${place}; check the teacher`,
      );
    }
    largest = Math.max(largest, logits[id]);
  }
  const p = new Float64Array(logits.length);
  let sum = 0;
  for (let id = 0; id < p.length; id++) sum += p[id] = Math.exp((logits[id] - largest) / temperature);
  for (let id = 0; id < p.length; id++) p[id] /= sum;
  return p;
}

/** Throws `BAD_OPTION` unless `k` ids can be taken of the vocabulary. */
export function checkK(k: number, vocabulary: number): void {
  if (Number.isSafeInteger(k) && k >= 1 && k <= vocabulary) return;
  throw new DistillError('BAD_OPTION', `k must be an integer in [1, ${vocabulary}], the vocabulary, got ${String(k)}`);
}

/** The K likeliest ids. One pass; an insertion for each id that is among the best so far. */
export function topRow(p: Float64Array, k: number): TopRow {
  checkK(k, p.length);
  const ids = new Int32Array(k);
  const probabilities = new Float64Array(k).fill(-1);
  for (let id = 0; id < p.length; id++) {
    if (p[id] <= probabilities[k - 1]) continue;
    let place = k - 1;
    for (; place > 0 && probabilities[place - 1] < p[id]; place--) {
      probabilities[place] = probabilities[place - 1];
      ids[place] = ids[place - 1];
    }
    probabilities[place] = p[id];
    ids[place] = id;
  }
  return { ids, probabilities };
}

/** Ids that are certain to be drawn, in rising order, and the weight of each of the others that are. */
function certainIds(p: Float64Array, k: number): { certain: Int32Array; weight: number } {
  const { ids, probabilities } = topRow(p, k);
  let rest = 1;
  let count = 0;
  while (count < k - 1 && probabilities[count] * (k - count) >= rest) rest -= probabilities[count++];
  const certain = ids.slice(0, count).sort();
  let others = 0;
  let passed = 0;
  for (let id = 0; id < p.length; id++) {
    if (id === certain[passed]) passed++;
    else others += p[id];
  }
  return { certain, weight: others / (k - count) };
}

/**
 * Draws exactly K different ids with inclusion probability π = min(1, c·p) (systematic sampling) and weighs each by
 * p / π: the likeliest ids are always there with their own probability, the others share the rest evenly. The mean of the
 * weights over all draws is p (Horvitz and Thompson), as it is of K draws that may repeat themselves (weights count / K,
 * arXiv 2503.16870).
 *
 * @param p probabilities
 * @param uniform in [0, 1)
 * @throws DistillError `BAD_OPTION` when K is not in [1, V]
 */
export function sampleRow(p: Float64Array, k: number, uniform: number): SampledRow {
  const { certain, weight } = certainIds(p, k);
  const ids = new Int32Array(k);
  const weights = new Float64Array(k);
  let count = 0;
  let reached = 0;
  let drawn = 0;
  let passed = 0;
  const take = (id: number, value: number) => {
    ids[count] = id;
    weights[count++] = value;
  };
  for (let id = 0; id < p.length; id++) {
    if (id === certain[passed]) {
      take(id, p[id]);
      passed++;
    } else {
      reached += p[id];
      // Rounding must neither draw one too many nor leave the last ones out.
      const missing = k - certain.length - drawn;
      if (missing > 0 && reached > (drawn + uniform) * weight) {
        take(id, weight);
        drawn++;
      }
    }
  }
  return count === k ? { ids, weights } : fillUp({ ids, weights }, count, p.length);
}

/** Rounding, or a teacher that is certain of fewer than K ids, left places free: others with weight 0. */
function fillUp({ ids, weights }: SampledRow, count: number, vocabulary: number): SampledRow {
  const taken = new Set(ids.subarray(0, count));
  for (let id = 0; count < ids.length && id < vocabulary; id++) if (!taken.has(id)) ids[count++] = id;
  return { ids, weights };
}

/** What became of some drafts. */
export interface Acceptance {
  /** how many of them, from the first on, were taken */
  accepted: number;
  /** the token that follows those: drawn from what the draft missed, or from the model when all were taken */
  next: number;
}

/** softmax(logits / T); at T = 0 all on the most likely token, the first one if several are equal. */
export function distribution(logits: Float32Array, temperature: number): Float64Array {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id] > logits[best]) best = id;
  const weights = new Float64Array(logits.length);
  if (temperature === 0) return weights.fill(1, best, best + 1);
  // Plain loops: this runs over every row of logits, several a round.
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += weights[id] = Math.exp((logits[id] - logits[best]) / temperature);
  for (let id = 0; id < weights.length; id++) weights[id] /= sum;
  return weights;
}

/** Draws a token in proportion to weights that need not sum to 1. */
export function drawToken(weights: Float64Array, uniform: number): number {
  let sum = 0;
  for (let id = 0; id < weights.length; id++) sum += weights[id];
  let remaining = uniform * sum;
  let last = 0;
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue;
    last = id;
    remaining -= weights[id];
    if (remaining < 0) break;
  }
  return last;
}

/**
 * The exact rule of speculative sampling: draft x is taken with probability min(1, p(x) / q(x)); at the first that is not,
 * the next token comes from max(0, p − q), scaled to sum to 1. What comes out is distributed as if drawn from p alone,
 * whatever q is. With all of p and q on one token each it is greedy decoding.
 *
 * Source: Leviathan et al., arXiv 2211.17192; Chen et al., arXiv 2302.01318.
 *
 * @param p the model's distributions, one more than there are drafts
 * @param q those that each draft was drawn from
 * @param uniform gives fresh numbers in [0, 1)
 */
export function acceptDrafts(
  drafts: readonly number[],
  { p, q }: { p: readonly Float64Array[]; q: readonly Float64Array[] },
  uniform: () => number,
): Acceptance {
  for (const [index, id] of drafts.entries()) {
    if (uniform() * q[index][id] < p[index][id]) continue;
    const missed = p[index].map((probability, other) => Math.max(0, probability - q[index][other]));
    // Rounding can leave nothing where p and q are equal.
    const left = missed.some((weight) => weight > 0) ? missed : p[index];
    return { accepted: index, next: drawToken(left, uniform()) };
  }
  return { accepted: drafts.length, next: drawToken(p[drafts.length], uniform()) };
}

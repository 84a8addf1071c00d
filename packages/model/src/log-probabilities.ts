/** A token and the natural logarithm of its probability. */
export interface TopToken {
  id: number;
  logProbability: number;
}

/** ln Σ exp(logit). */
function logSumExp(logits: Float32Array): number {
  let largest = -Infinity;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  return largest + Math.log(sum);
}

/** ln of the probability of one token. */
export function logProbability(logits: Float32Array, id: number): number {
  return logits[id] - logSumExp(logits);
}

/** The `count` likeliest tokens, likeliest first. */
export function topTokens(logits: Float32Array, count: number): TopToken[] {
  const normalizer = logSumExp(logits);
  const best: TopToken[] = [];
  for (let id = 0; id < logits.length; id++) {
    const last = best[best.length - 1];
    if (best.length === count && logits[id] - normalizer <= last.logProbability) continue;
    const place = best.findIndex(({ logProbability: held }) => logits[id] - normalizer > held);
    best.splice(place < 0 ? best.length : place, 0, { id, logProbability: logits[id] - normalizer });
    if (best.length > count) best.pop();
  }
  return best;
}

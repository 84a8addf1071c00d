import * as tf from '@tensorflow/tfjs-core';
import { acceptDrafts, drawToken, type Acceptance } from './accept-drafts.ts';

// N rows of logits, C drafts, V vocabulary.

/** How tokens are chosen: drafts first, then what the model says to them. */
export interface TokenChoice {
  /** a draft from each row of logits */
  choose(logits_CV: tf.Tensor2D): number[];
  /**
   * @param logits_NV the model's, one row more than there are drafts
   * @param drafts all that were chosen since the last judgement
   */
  judge(logits_NV: tf.Tensor2D, drafts: readonly number[]): Acceptance;
}

const likeliest = (logits_NV: tf.Tensor2D): number[] => [...tf.argMax(logits_NV, 1).dataSync()];

/** Always the likeliest token: only its number leaves the device. */
export const greedyChoice: TokenChoice = {
  choose: (logits_CV) => tf.tidy(() => likeliest(logits_CV)),
  judge: (logits_NV, drafts) =>
    tf.tidy(() => {
      const ids = likeliest(logits_NV);
      const wrong = drafts.findIndex((draft, index) => draft !== ids[index]);
      const accepted = wrong < 0 ? drafts.length : wrong;
      return { accepted, next: ids[accepted] };
    }),
};

/**
 * Draws from distributions, by the exact rule of {@link acceptDrafts}.
 *
 * @param distribution probabilities of a row of logits
 * @param uniform gives fresh numbers in [0, 1)
 */
export function sampledChoice(
  distribution: (logits_V: Float32Array) => Float64Array,
  uniform: () => number,
): TokenChoice {
  let q: Float64Array[] = [];
  const rows = (logits_NV: tf.Tensor2D): Float64Array[] => {
    const [count, size] = logits_NV.shape;
    const logits = logits_NV.dataSync<'float32'>();
    return Array.from({ length: count }, (_, row) => distribution(logits.subarray(row * size, (row + 1) * size)));
  };
  return {
    choose(logits_CV) {
      const own = rows(logits_CV);
      q.push(...own);
      return own.map((weights) => drawToken(weights, uniform()));
    },
    judge(logits_NV, drafts) {
      const acceptance = acceptDrafts(drafts, { p: rows(logits_NV), q }, uniform);
      q = [];
      return acceptance;
    },
  };
}

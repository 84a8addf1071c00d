import * as tf from '@tensorflow/tfjs-core';

function addPairs(left: readonly tf.Tensor[], right: readonly tf.Tensor[]): tf.Tensor[] {
  const sums = left.map((tensor, index) => tf.add(tensor, right[index]));
  tf.dispose([...left, ...right]);
  return sums;
}

/**
 * Sums lists of tensors as a balanced binary tree over their order of arrival, ((0+1)+(2+3))+…, holding at most
 * log₂(count) + 1 lists. Floating-point sums depend on the order; this order is the one that several processes, each with
 * a power-of-two share of the terms, arrive at too, so that the result does not depend on how many there are.
 */
export class PairwiseSum {
  /** partial[level] is the sum of 2^level terms, where there is one: a binary counter */
  readonly #partial: (tf.Tensor[] | undefined)[] = [];

  /** Adds a list, which then belongs to the sum. All lists have the same shapes in the same order. */
  add(terms: readonly tf.Tensor[]): void {
    let carry = [...terms];
    let level = 0;
    for (let waiting = this.#partial[level]; waiting; waiting = this.#partial[level]) {
      carry = addPairs(waiting, carry);
      this.#partial[level++] = undefined;
    }
    this.#partial[level] = carry;
  }

  /** The total; it belongs to the caller, and the sum is empty again. */
  total(): tf.Tensor[] {
    const waiting = this.#partial.splice(0).filter((terms) => terms !== undefined);
    return waiting.reduce((sum, terms) => addPairs(terms, sum));
  }
}

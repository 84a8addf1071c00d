/** Legend: T positions, G key/value heads, K head dimension; the batch is 1. */
import type * as tf from '@tensorflow/tfjs-core';
import { ModelError } from './model-error.ts';
import { createRowStore } from './row-store.ts';
import type { RowStore } from './row-store.ts';

interface KeysAndValues {
  k_1TGK: tf.Tensor4D;
  v_1TGK: tf.Tensor4D;
}

interface LayerStore {
  keys: RowStore;
  values: RowStore;
}

/** Keys and values of the positions one sequence has seen, for every layer, so that decoding computes only the new ones. */
export class KvCache {
  readonly #capacity: number;
  readonly #layers: LayerStore[] = [];
  #length = 0;

  /** @param capacity positions to make room for at once; more are taken as they come */
  constructor(capacity = 64) {
    this.#capacity = capacity;
  }

  /** Number of positions held. */
  get length(): number {
    return this.#length;
  }

  /**
   * Appends a layer's keys and values of new positions. They count as held once all layers have them (`advance`).
   *
   * @returns those of all positions so far, to be used within the caller's tidy
   */
  append(layer: number, { k_1TGK, v_1TGK }: KeysAndValues): KeysAndValues {
    const [, , groups, dimension] = k_1TGK.shape;
    const create = (): RowStore => createRowStore(this.#capacity, groups, dimension);
    this.#layers[layer] ??= { keys: create(), values: create() };
    const { keys, values } = this.#layers[layer];
    return { k_1TGK: keys.write(k_1TGK, this.#length), v_1TGK: values.write(v_1TGK, this.#length) };
  }

  /** Ends a pass over so many new positions. */
  advance(positions: number): void {
    this.#length += positions;
  }

  /**
   * Forgets all positions from `length` on, such as drafts that were not taken. Nothing is copied: what comes next is written
   * over them.
   *
   * @throws ModelError `INVALID_ARGUMENT` when there are not so many
   */
  rewind(length: number): void {
    if (!Number.isInteger(length) || length < 0 || length > this.#length) {
      throw new ModelError(
        'INVALID_ARGUMENT',
        `the cache can be rewound to a length from 0 to the ${this.#length} positions it holds, got ${length}`,
      );
    }
    this.#length = length;
  }

  /** Frees everything; the cache is empty again. */
  dispose(): void {
    for (const { keys, values } of this.#layers) {
      keys.dispose();
      values.dispose();
    }
    this.#layers.length = 0;
    this.#length = 0;
  }
}

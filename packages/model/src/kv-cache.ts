/** Legend: B batch, T positions, G key/value heads, K head dimension. */
import * as tf from '@tensorflow/tfjs-core';

interface KeysAndValues {
  k_BTGK: tf.Tensor4D;
  v_BTGK: tf.Tensor4D;
}

/** Keys and values of the positions already seen, one pair a layer, so that decoding computes only the new ones. */
export class KvCache {
  readonly #layers: KeysAndValues[] = [];

  /** Number of positions held. */
  get length(): number {
    return this.#layers[0]?.k_BTGK.shape[1] ?? 0;
  }

  /**
   * Appends a layer's keys and values of new positions.
   *
   * @returns those of all positions so far; they belong to the cache
   */
  append(layer: number, next: KeysAndValues): KeysAndValues {
    const old = this.#layers[layer];
    const joined = old
      ? { k_BTGK: tf.concat([old.k_BTGK, next.k_BTGK], 1), v_BTGK: tf.concat([old.v_BTGK, next.v_BTGK], 1) }
      : { k_BTGK: tf.clone(next.k_BTGK), v_BTGK: tf.clone(next.v_BTGK) };
    tf.keep(joined.k_BTGK);
    tf.keep(joined.v_BTGK);
    if (old) tf.dispose({ ...old });
    this.#layers[layer] = joined;
    return joined;
  }

  dispose(): void {
    for (const layer of this.#layers) tf.dispose({ ...layer });
    this.#layers.length = 0;
  }
}

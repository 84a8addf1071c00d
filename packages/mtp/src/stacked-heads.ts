import * as tf from '@tensorflow/tfjs-core';
import type { HeadBlock } from './head-block.ts';

// N new positions, C heads, W positions of a window, D model width.

/** Parallel heads as they read one sequence on, all of them at once: for drafting. */
export interface StackedHeads {
  /**
   * Reads further positions.
   *
   * @param hidden_ND the trunk's states of these
   * @returns [C, D], each head's state of the last one, ready for the unembedding; for use within the caller's tidy
   */
  read(hidden_ND: tf.Tensor2D): tf.Tensor2D;
  dispose(): void;
}

/** Any blocks, one after the other, over the last positions that they have read. */
export function windowedHeads(blocks: readonly HeadBlock[], size = 64): StackedHeads {
  const window = new HiddenWindow(size);
  return {
    read(hidden_ND) {
      const hidden_1WD = window.add(hidden_ND);
      const last = [0, hidden_1WD.shape[1] - 1, 0];
      const states = blocks.map((block) => tf.slice(block.apply(hidden_1WD), last, [1, 1, -1]));
      return tf.reshape(tf.concat(states, 0), [blocks.length, -1]);
    },
    dispose: () => window.dispose(),
  };
}

/** The last positions of a sequence. */
export class HiddenWindow {
  readonly #size: number;
  #hidden_WD: tf.Tensor2D | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** @returns [1, W, D], all that it holds now; it stays until the next call */
  add(hidden_ND: tf.Tensor2D): tf.Tensor3D {
    const before = this.#hidden_WD;
    this.#hidden_WD = tf.tidy(() =>
      tf.keep(lastRows(before ? tf.concat([before, hidden_ND], 0) : hidden_ND, this.#size)),
    );
    before?.dispose();
    return tf.reshape(this.#hidden_WD, [1, ...this.#hidden_WD.shape]);
  }

  dispose(): void {
    this.#hidden_WD?.dispose();
  }
}

/** At most the last `count` rows, as a tensor of their own. */
export function lastRows<T extends tf.Tensor>(x: T, count: number): T {
  const start = Math.max(0, x.shape[0] - count);
  if (start === 0) return tf.clone(x);
  return tf.slice(x, [start, ...x.shape.slice(1).map(() => 0)], [x.shape[0] - start, ...x.shape.slice(1)]);
}

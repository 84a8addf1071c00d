import { linear } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import type { ParallelHeads } from './parallel-heads.ts';
import type { SequentialModules } from './sequential-modules.ts';

// W positions of a window, D model width, V vocabulary.

/** What drafts are made from. */
export interface DraftContext {
  /** [1, W, D], the trunk's states of the last positions */
  hidden_1WD: tf.Tensor3D;
  /** the token after each of these positions; the last one has not been read by the model yet */
  followers: readonly number[];
  /** number of drafts wanted, at most `depth` */
  count: number;
  /** [V, D] */
  headWeight_VD: tf.Tensor;
  /** chooses a draft from its logits */
  choose(logits_V: Float32Array): number;
}

/** Guesses the tokens that follow, cheaply. */
export interface Drafter {
  /** the most tokens it can guess at once */
  readonly depth: number;
  draft(context: DraftContext): number[];
}

function lastLogits(hidden_1WD: tf.Tensor3D, headWeight_VD: tf.Tensor): Float32Array {
  const [, window, width] = hidden_1WD.shape;
  const last_1D = tf.reshape(tf.slice(hidden_1WD, [0, window - 1, 0], [1, 1, width]), [1, width]) as tf.Tensor2D;
  return linear(last_1D, headWeight_VD as tf.Tensor2D).dataSync<'float32'>();
}

/** Drafts of parallel heads: head i + 1 guesses the i-th token after the next, all from one state. */
export function parallelDrafter(heads: ParallelHeads): Drafter {
  return {
    depth: heads.predictions - 1,
    draft: ({ hidden_1WD, count, headWeight_VD, choose }) =>
      tf.tidy(() => {
        const states = heads.hidden(hidden_1WD).slice(1, count + 1);
        return states.map((state_1WD) => choose(lastLogits(state_1WD, headWeight_VD)));
      }),
  };
}

/** Drafts of sequential modules: each sees the draft before it. */
export function sequentialDrafter(modules: SequentialModules, embedding_VD: tf.Tensor): Drafter {
  return {
    depth: modules.depth,
    draft: ({ hidden_1WD, followers, count, headWeight_VD, choose }) =>
      tf.tidy(() => {
        const tokens = [...followers];
        let state_1WD = hidden_1WD;
        for (let module = 1; module <= count; module++) {
          const ids = tokens.slice(module - 1, module - 1 + followers.length);
          state_1WD = modules.apply(module, state_1WD, tf.tensor2d([ids], undefined, 'int32'), embedding_VD);
          tokens.push(choose(lastLogits(state_1WD, headWeight_VD)));
        }
        return tokens.slice(followers.length);
      }),
  };
}

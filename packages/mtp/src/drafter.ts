import * as tf from '@tensorflow/tfjs-core';
import type { ParallelHeads } from './parallel-heads.ts';
import type { SequentialModules } from './sequential-modules.ts';
import { HiddenWindow } from './stacked-heads.ts';

// N new positions, W positions of a window, C drafts, D model width, V vocabulary.

/** What drafts are made from. */
export interface DraftRequest {
  /** [N, D], the trunk's states of the positions that were read since the last request */
  hidden_ND: tf.Tensor2D;
  /** the token after each of these; the last one has not been read by the model yet */
  followers: readonly number[];
  /** number of drafts wanted, at most `depth` */
  count: number;
  /** chooses a draft from each row of logits */
  choose(logits_CV: tf.Tensor2D): number[];
}

/** Guesses along one sequence. */
export interface DraftSession {
  draft(request: DraftRequest): number[];
  dispose(): void;
}

/** Guesses the tokens that follow, cheaply. */
export interface Drafter {
  /** the most tokens it can guess at once */
  readonly depth: number;
  /** @param headLogits the model's unembedding: [N, D] to [N, V] */
  startDrafting(headLogits: (hidden_ND: tf.Tensor2D) => tf.Tensor2D): DraftSession;
}

/** Drafts of parallel heads: head i + 1 guesses the i-th token after the next, all from one state and in one product. */
export function parallelDrafter(heads: ParallelHeads): Drafter {
  const depth = heads.predictions - 1;
  return {
    depth,
    startDrafting(headLogits) {
      const stacked = heads.stack();
      return {
        draft: ({ hidden_ND, count, choose }) =>
          tf.tidy(() => {
            const states_CD = stacked.read(hidden_ND);
            return choose(headLogits(count < depth ? tf.slice(states_CD, [0, 0], [count, -1]) : states_CD));
          }),
        dispose: () => stacked.dispose(),
      };
    },
  };
}

/**
 * Drafts of sequential modules: each sees the draft before it.
 *
 * @param embedding_VD the trunk's embedding table
 * @param options.window positions that the modules look back, default 64: it changes the speed, never the text
 */
export function sequentialDrafter(
  modules: SequentialModules,
  embedding_VD: tf.Tensor,
  { window: size = 64 }: { window?: number } = {},
): Drafter {
  return {
    depth: modules.depth,
    startDrafting(headLogits) {
      const window = new HiddenWindow(size);
      let followers: number[] = [];
      return {
        draft: (request) =>
          tf.tidy(() => {
            let state_1WD = window.add(request.hidden_ND);
            const length = state_1WD.shape[1];
            followers = [...followers, ...request.followers].slice(-length);
            const tokens = [...followers];
            for (let module = 1; module <= request.count; module++) {
              const ids = tokens.slice(module - 1, module - 1 + length);
              state_1WD = modules.apply(module, state_1WD, tf.tensor2d([ids], undefined, 'int32'), embedding_VD);
              const last_1D = tf.slice(tf.reshape(state_1WD, [length, -1]) as tf.Tensor2D, [length - 1, 0], [1, -1]);
              tokens.push(...request.choose(headLogits(last_1D)));
            }
            return tokens.slice(length);
          }),
        dispose: () => window.dispose(),
      };
    },
  };
}

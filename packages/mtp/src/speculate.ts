import { linear } from '@smol/ops';
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { acceptDrafts, distribution, drawToken } from './accept-drafts.ts';
import type { Drafter } from './drafter.ts';
import { checkCount, MtpError } from './mtp-error.ts';

// n new positions, W positions of a window, D model width, V vocabulary.

/** One sequence as the model reads it. A model with a key/value cache computes new positions only. */
export interface DecodingSession {
  /** Reads further tokens. @returns [1, n, D], the states of just these after the final norm; the caller disposes of it */
  extend(ids: readonly number[]): tf.Tensor3D;
  /** Forgets the last so many tokens. */
  rewind(count: number): void;
  dispose(): void;
}

/** What speculative decoding needs of a model. */
export interface SpeculativeModel {
  /** [V, D] */
  readonly headWeight: tf.Tensor;
  startSession(): DecodingSession;
}

/** Options of {@link speculate}. */
export interface SpeculationOptions {
  maxNewTokens: number;
  /** 0 (default) always takes the most likely token; above, samples from softmax(logits / T) */
  temperature?: number;
  /** same seed, same tokens; default 0 */
  seed?: number;
  /** generation ends before one of these */
  stopIds?: readonly number[];
  /** drafts a round, default and at most the drafter's depth; 0 is plain decoding */
  drafts?: number;
  /** positions the drafter looks back, default 64: what it says changes the speed, never the text */
  window?: number;
}

/** Tokens, and how well they were guessed. */
export interface Speculation {
  ids: number[];
  /** passes of the model, the prompt's included: without drafts there is one a token */
  passes: number;
  /** drafts that were made and taken, by their place in the round */
  proposed: number[];
  accepted: number[];
  /** share of all drafts that were taken; 0 without any */
  acceptanceRate: number;
}

/** Makes any trunk decode, without a cache: each pass reads everything again. */
export function recomputingModel(trunk: {
  readonly headWeight: tf.Tensor;
  hidden(ids_BT: tf.Tensor2D, options: object): tf.Tensor3D;
}): SpeculativeModel {
  return {
    headWeight: trunk.headWeight,
    startSession() {
      let known: number[] = [];
      return {
        extend: (ids) =>
          tf.tidy(() => {
            known = [...known, ...ids];
            const hidden_1TD = trunk.hidden(tf.tensor2d([known], undefined, 'int32'), {});
            return tf.slice(hidden_1TD, [0, known.length - ids.length, 0], [1, ids.length, -1]);
          }),
        rewind: (count) => void (known = known.slice(0, known.length - count)),
        dispose: () => {},
      };
    },
  };
}

/** Distributions of the token after each position. */
function nextDistributions(hidden_1ND: tf.Tensor3D, headWeight_VD: tf.Tensor, temperature: number): Float64Array[] {
  const [, rows, width] = hidden_1ND.shape;
  const vocabulary = headWeight_VD.shape[0];
  const hidden_ND = tf.reshape(hidden_1ND, [rows, width]) as tf.Tensor2D;
  const logits = tf.tidy(() => linear(hidden_ND, headWeight_VD as tf.Tensor2D).dataSync<'float32'>());
  hidden_ND.dispose();
  return Array.from({ length: rows }, (_, row) =>
    distribution(logits.subarray(row * vocabulary, (row + 1) * vocabulary), temperature),
  );
}

function checkOptions(promptIds: readonly number[], { maxNewTokens, temperature = 0, window = 1 }: SpeculationOptions) {
  if (promptIds.length === 0) throw new MtpError('BAD_OPTION', 'the prompt must have at least one token, got none');
  if (!Number.isSafeInteger(maxNewTokens) || maxNewTokens < 0)
    throw new MtpError('BAD_OPTION', `maxNewTokens must be an integer ≥ 0, got ${maxNewTokens}`);
  if (!(temperature >= 0 && temperature < Infinity))
    throw new MtpError('BAD_OPTION', `temperature must be a number ≥ 0, got ${temperature}`);
  checkCount('window', window);
}

/** The last positions the model has read, and what followed each. */
class DraftWindow {
  readonly #size: number;
  hidden_1WD: tf.Tensor3D | undefined;
  followers: number[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  add(hidden_1ND: tf.Tensor3D, followers: readonly number[]): void {
    const before = this.hidden_1WD;
    this.hidden_1WD = tf.tidy(() => {
      const all = before ? (tf.concat([before, hidden_1ND], 1) as tf.Tensor3D) : hidden_1ND;
      const length = Math.min(all.shape[1], this.#size);
      return tf.slice(all, [0, all.shape[1] - length, 0], [1, length, -1]);
    });
    before?.dispose();
    this.followers = [...this.followers, ...followers].slice(-this.#size);
  }
}

/**
 * Continues a prompt with a model that checks its own heads' guesses: each pass reads the last token and the drafts after
 * it, and takes as many of them as the exact acceptance rule allows. Greedy text is that of plain decoding, token for
 * token; samples have the model's own distribution.
 *
 * @param promptIds at least one token
 * @throws MtpError `BAD_OPTION`
 */
export function speculate(
  model: SpeculativeModel,
  drafter: Drafter,
  promptIds: readonly number[],
  options: SpeculationOptions,
): Speculation {
  checkOptions(promptIds, options);
  const { maxNewTokens, temperature = 0, seed = 0, stopIds = [], window: size = 64 } = options;
  const depth = Math.min(options.drafts ?? drafter.depth, drafter.depth);
  const result: Speculation = { ids: [], passes: 0, proposed: [], accepted: [], acceptanceRate: 0 };
  const random = new RandomStream(seed, 'speculate');
  let draws = 0;
  const uniform = () => random.uniform(draws++);
  const session = model.startSession();
  const window = new DraftWindow(size);
  const isOver = () => result.ids.length >= maxNewTokens || stopIds.includes(result.ids.at(-1) ?? -1);

  const read = (ids: readonly number[], drafts: readonly number[], q: readonly Float64Array[]): void => {
    const hidden_1ND = session.extend([...ids, ...drafts]);
    result.passes++;
    const judged_1ND = tf.slice(hidden_1ND, [0, ids.length - 1, 0], [1, drafts.length + 1, -1]);
    const p = nextDistributions(judged_1ND, model.headWeight, temperature);
    const { accepted, next } = acceptDrafts(drafts, { p, q }, uniform);
    session.rewind(drafts.length - accepted);
    const taken = [...drafts.slice(0, accepted), next];
    const kept_1ND = tf.slice(hidden_1ND, [0, 0, 0], [1, ids.length + accepted, -1]);
    window.add(kept_1ND, [...ids.slice(1), ...taken]);
    tf.dispose([hidden_1ND, judged_1ND, kept_1ND]);
    for (const index of drafts.keys()) {
      result.proposed[index] = (result.proposed[index] ?? 0) + 1;
      result.accepted[index] = (result.accepted[index] ?? 0) + (index < accepted ? 1 : 0);
    }
    for (const id of taken) if (!isOver()) result.ids.push(id);
  };

  const draft = (): { drafts: number[]; q: Float64Array[] } => {
    const q: Float64Array[] = [];
    const choose = (logits: Float32Array) => {
      const own = distribution(logits, temperature);
      q.push(own);
      return drawToken(own, uniform());
    };
    const { followers } = window;
    const count = Math.min(depth, maxNewTokens - result.ids.length - 1);
    const given = { hidden_1WD: window.hidden_1WD!, followers, count, headWeight_VD: model.headWeight, choose };
    return { drafts: count > 0 ? drafter.draft(given) : [], q };
  };

  try {
    if (!isOver()) read(promptIds, [], []);
    while (!isOver()) {
      const { drafts, q } = draft();
      read(result.ids.slice(-1), drafts, q);
    }
  } finally {
    session.dispose();
    window.hidden_1WD?.dispose();
  }
  if (stopIds.includes(result.ids.at(-1) ?? -1)) result.ids.pop();
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  return { ...result, acceptanceRate: sum(result.accepted) / Math.max(1, sum(result.proposed)) };
}

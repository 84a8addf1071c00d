import { linear } from '@smol/ops';
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { distribution as softmax } from './accept-drafts.ts';
import type { Drafter, DraftSession } from './drafter.ts';
import { MtpError } from './mtp-error.ts';
import { greedyChoice, sampledChoice, type TokenChoice } from './token-choice.ts';

// N new positions, D model width, V vocabulary.

/** One sequence as the model reads it. A model with a key/value cache computes new positions only. */
export interface DecodingSession {
  /** Reads further tokens. @returns [1, N, D], the states of just these after the final norm; the caller disposes of it */
  extend(ids: readonly number[]): tf.Tensor3D;
  /** Forgets the last so many tokens. */
  rewind(count: number): void;
  dispose(): void;
}

/** What speculative decoding needs of a model. `SmolLM` of @smol/model is one. */
export interface SpeculativeModel {
  /** Scores [N, V] from states [N, D]; caps and scales of the model are part of it. */
  headLogits(hidden_ND: tf.Tensor2D): tf.Tensor2D;
  /** @param capacity tokens to make room for */
  startSession(capacity?: number): DecodingSession;
}

/** Options of {@link speculate}. */
export interface SpeculationOptions {
  maxNewTokens: number;
  /** 0 (default) always takes the most likely token; above, samples from softmax(logits / T) */
  temperature?: number;
  /** in place of the temperature: probabilities of the next token from its logits, such as those that top-k and top-p leave */
  distribution?: (logits_V: Float32Array) => Float64Array;
  /** same seed, same tokens; default 0 */
  seed?: number;
  /** generation ends before one of these */
  stopIds?: readonly number[];
  /** drafts a round, default and at most the drafter's depth; 0 is plain decoding */
  drafts?: number;
  /** hears every token as it comes, some at a time */
  onToken?: (id: number) => void;
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
  headLogits?(hidden_ND: tf.Tensor2D): tf.Tensor2D;
}): SpeculativeModel {
  return {
    headLogits: (hidden_ND) =>
      trunk.headLogits ? trunk.headLogits(hidden_ND) : linear(hidden_ND, trunk.headWeight as tf.Tensor2D),
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

function checkOptions(promptIds: readonly number[], { maxNewTokens, temperature = 0 }: SpeculationOptions): void {
  if (promptIds.length === 0) throw new MtpError('BAD_OPTION', 'the prompt must have at least one token, got none');
  if (!Number.isSafeInteger(maxNewTokens) || maxNewTokens < 0)
    throw new MtpError('BAD_OPTION', `maxNewTokens must be an integer ≥ 0, got ${maxNewTokens}`);
  if (!(temperature >= 0 && temperature < Infinity))
    throw new MtpError('BAD_OPTION', `temperature must be a number ≥ 0, got ${temperature}`);
}

function tokenChoice({ temperature = 0, distribution, seed = 0 }: SpeculationOptions): TokenChoice {
  if (temperature === 0 && !distribution) return greedyChoice;
  const random = new RandomStream(seed, 'speculate');
  let draws = 0;
  return sampledChoice(distribution ?? ((logits_V) => softmax(logits_V, temperature)), () => random.uniform(draws++));
}

/** What a pass of the model settled. */
interface Round {
  /** [N, D], states of the positions that stay */
  hidden_ND: tf.Tensor2D;
  /** the drafts that were taken, and one token more */
  taken: number[];
}

/** Reads tokens and drafts in one pass, and takes back what the model would not have said. */
function readOn(
  model: SpeculativeModel,
  session: DecodingSession,
  choice: TokenChoice,
  ids: readonly number[],
  drafts: readonly number[],
): Round {
  const hidden_1ND = session.extend([...ids, ...drafts]);
  const length = ids.length + drafts.length;
  const rows = (start: number, count: number): tf.Tensor2D => {
    const hidden_ND = tf.reshape(hidden_1ND, [length, -1]) as tf.Tensor2D;
    return count === length ? hidden_ND : tf.slice(hidden_ND, [start, 0], [count, -1]);
  };
  const { accepted, next } = choice.judge(model.headLogits(rows(ids.length - 1, drafts.length + 1)), drafts);
  session.rewind(drafts.length - accepted);
  return { hidden_ND: rows(0, ids.length + accepted), taken: [...drafts.slice(0, accepted), next] };
}

function countDrafts({ proposed, accepted }: Speculation, made: number, taken: number): void {
  for (let index = 0; index < made; index++) {
    proposed[index] = (proposed[index] ?? 0) + 1;
    accepted[index] = (accepted[index] ?? 0) + Number(index < taken);
  }
}

/** What has been written, until a stop token or the last token asked for. */
class Continuation {
  readonly #ids: number[];
  readonly #options: SpeculationOptions;
  isOver: boolean;

  constructor(ids: number[], options: SpeculationOptions) {
    this.#ids = ids;
    this.#options = options;
    this.isOver = options.maxNewTokens === 0;
  }

  take(id: number): void {
    const { maxNewTokens, stopIds, onToken } = this.#options;
    if (this.isOver) return;
    this.isOver = stopIds?.includes(id) ?? false;
    if (this.isOver) return;
    this.#ids.push(id);
    onToken?.(id);
    this.isOver = this.#ids.length >= maxNewTokens;
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

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
  const { maxNewTokens } = options;
  const depth = Math.min(options.drafts ?? drafter.depth, drafter.depth);
  const result: Speculation = { ids: [], passes: 0, proposed: [], accepted: [], acceptanceRate: 0 };
  const choice = tokenChoice(options);
  const session = model.startSession(promptIds.length + Math.min(maxNewTokens, 4096) + depth);
  const drafting: DraftSession | undefined =
    depth > 0 ? drafter.startDrafting((hidden_ND) => model.headLogits(hidden_ND)) : undefined;
  const text = new Continuation(result.ids, options);
  /** One pass; the drafts for the next. */
  const round = (ids: readonly number[], drafts: readonly number[]): number[] => {
    const { hidden_ND, taken } = readOn(model, session, choice, ids, drafts);
    result.passes++;
    countDrafts(result, drafts.length, taken.length - 1);
    for (const id of taken) text.take(id);
    const count = Math.min(depth, maxNewTokens - result.ids.length - 1);
    if (!drafting || text.isOver || count <= 0) return [];
    const followers = [...ids.slice(1), ...taken];
    return drafting.draft({ hidden_ND, followers, count, choose: (logits_CV) => choice.choose(logits_CV) });
  };
  try {
    let drafts: number[] = [];
    for (let ids = promptIds; !text.isOver; ids = result.ids.slice(-1)) drafts = tf.tidy(() => round(ids, drafts));
  } finally {
    session.dispose();
    drafting?.dispose();
  }
  return { ...result, acceptanceRate: sum(result.accepted) / Math.max(1, sum(result.proposed)) };
}

/** Legend: B batch, T time, N = B·T rows, D model width, V vocabulary. */
import { crossEntropy, embedding, linear, linearCrossEntropy, rmsNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { checkpointedLayer, decoderLayer, layerWeights } from './decoder-layer.ts';
import type { ForwardContext, LayerWeights } from './decoder-layer.ts';
import { startSession } from './decoding-session.ts';
import type { DecodingSession } from './decoding-session.ts';
import { generateBatch, generateSteps } from './generate.ts';
import type { CausalModel, GenerateOptions, Generation, GenerationStep } from './generate.ts';
import { initialValues } from './initialization.ts';
import type { Initialization } from './initialization.ts';
import type { KvCache } from './kv-cache.ts';
import type { ModelConfig } from './model-config.ts';
import { ModelError } from './model-error.ts';
import { checkRedundantHead, checkShapes, checkTensors, toVariable } from './model-tensors.ts';
import type { ModelTensor } from './model-tensors.ts';
import { EMBEDDING, FINAL_NORM, HEAD, parameterShapes } from './parameter-shapes.ts';
import { parseConfig } from './parse-config.ts';
import { RopeCache } from './rope-cache.ts';

/** Options of a forward pass. */
export interface ForwardOptions {
  /** int32 `[B, T]`: tokens see only tokens of their own document. Positions are not reset, as in SmolLM3's pretraining. */
  segmentIds_BT?: tf.Tensor2D;
  /** Receives one tensor `[H]` a layer: the largest attention logit of each head. They are kept: the caller disposes of them. */
  maxLogits?: tf.Tensor1D[];
  /**
   * Recompute activations in the backward pass instead of remembering them: less memory, a third more work. True for all
   * layers, or the layers to do it in, counted from 0.
   */
  checkpointing?: boolean | readonly number[];
  /**
   * One a row of the batch: the tokens are read as what follows those that the cache holds, and join them. Without segment ids
   * and checkpointing, and not for training.
   */
  caches?: readonly KvCache[];
  /**
   * Sees the residual stream after each layer, `[B·T, D]`, counted from 0: for losses on hidden states. With it everything that
   * the pass makes lives as long as the caller's tidy.
   */
  onLayer?: (layer: number, hidden_ND: tf.Tensor2D) => void;
}

/** Options of the loss. */
export interface LossOptions extends ForwardOptions {
  /** Weight of the squared log-normaliser (SmolLM3: 1e-5; default 0). */
  zLoss?: number;
  /** Rows of logits that exist at a time. */
  chunkRows?: number;
}

/** A batch of training rows, int32 `[B, T]` each; targets of −100 count for nothing. */
export interface TrainingBatch {
  inputs_BT: tf.Tensor2D;
  targets_BT: tf.Tensor2D;
  segmentIds_BT?: tf.Tensor2D;
}

/**
 * A decoder-only transformer of the families `smollm3` and `llama`: RMSNorm, rotary embedding (in SmolLM3 left out of every
 * fourth layer), grouped-query attention, SwiGLU, tied or separate head. Runs on whatever tfjs backend is set.
 */
export class SmolLM {
  /** Trainable variables under their Hugging Face names, in the order of the forward pass. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #layers: LayerWeights[];
  #config: ModelConfig;
  #rope: RopeCache;

  private constructor(config: ModelConfig, parameters: ReadonlyMap<string, tf.Variable>) {
    this.#config = config;
    this.parameters = parameters;
    this.#layers = config.no_rope_layers.map((_, layer) => layerWeights(parameters, layer));
    this.#rope = new RopeCache(config);
  }

  /**
   * A fresh model: gains 1, matrices by a rule; by default N(0, initializer_range), residual projections scaled by 1/√(2L).
   *
   * @param config a configuration, or the fields of a `config.json`
   * @param options every weight is a function of the seed, its tensor's name and its index
   * @throws ModelError as `parseConfig`
   */
  static initialize(config: object, options: { seed: number; initialization?: Initialization }): SmolLM {
    const complete = parseConfig(config);
    const variables = [...parameterShapes(complete)].map(
      ([name, shape]) => [name, toVariable({ shape, data: initialValues(name, complete, options) })] as const,
    );
    return new SmolLM(complete, new Map(variables));
  }

  /**
   * A model with given weights.
   *
   * @param config a configuration, or the fields of a `config.json`
   * @param tensors f32 values under Hugging Face names; a tied `lm_head.weight` may be absent
   * @throws ModelError `BAD_TENSORS` when one is missing, unexpected or misshapen, and as `parseConfig`
   */
  static fromTensors(config: object, tensors: ReadonlyMap<string, ModelTensor>): SmolLM {
    const complete = parseConfig(config);
    const checked = checkTensors(complete, tensors);
    return new SmolLM(complete, new Map([...checked].map(([name, tensor]) => [name, toVariable(tensor)])));
  }

  /**
   * A model whose weights come one at a time, so that no more than one is in memory twice.
   *
   * @param config a configuration, or the fields of a `config.json`
   * @param shapes of the tensors there are, by Hugging Face name; a tied `lm_head.weight` may be absent
   * @param read gives the f32 values of one
   * @throws ModelError as `fromTensors`, before anything is read; what `read` throws
   */
  static async load(
    config: object,
    shapes: ReadonlyMap<string, readonly number[]>,
    read: (name: string) => Float32Array | Promise<Float32Array>,
  ): Promise<SmolLM> {
    const complete = parseConfig(config);
    const needed = checkShapes(complete, shapes);
    const variables = new Map<string, tf.Variable>();
    try {
      for (const [name, shape] of needed) variables.set(name, toVariable({ shape, data: await read(name) }));
      if (shapes.has(HEAD) && !needed.has(HEAD)) {
        await checkRedundantHead(await read(HEAD), variables.get(EMBEDDING)!);
      }
    } catch (error) {
      tf.dispose([...variables.values()]);
      throw error;
    }
    return new SmolLM(complete, variables);
  }

  /** Shape and settings; another object after `setRopeTheta`. */
  get config(): ModelConfig {
    return this.#config;
  }

  /** Output head `[V, D]`: the embedding table when they are tied. */
  get headWeight(): tf.Variable {
    return this.#parameter(this.config.tie_word_embeddings ? EMBEDDING : HEAD);
  }

  /**
   * Gives the rotary embedding another base and leaves the weights as they are, the way a context is extended (SmolLM3: 50 000
   * for 4k, 2 000 000 for 32k, 5 000 000 for 64k). From then on the model is the one that its weights and a `config.json` with
   * this `rope_theta` give; YaRN or Llama 3's stretch stays and works on the new base. Not in the middle of a generation, whose
   * cached keys are turned by the old one.
   *
   * @param theta above 0
   * @throws ModelError `INVALID_CONFIG` when it is not a positive number; the model stays as it was
   */
  setRopeTheta(theta: number): void {
    if (theta === this.#config.rope_theta) return;
    this.#config = parseConfig({ ...this.#config, rope_theta: theta });
    this.#rope.dispose();
    this.#rope = new RopeCache(this.#config);
  }

  /**
   * The residual stream after the final normalisation (with `logits_scaling`, divided by it: what the head multiplies).
   *
   * @param ids_BT token ids, int32 `[B, T]`
   * @returns `[B, T, D]`
   * @throws ModelError `INVALID_ARGUMENT` when the ids are not int32 `[B, T]`
   */
  hidden(ids_BT: tf.Tensor2D, options: ForwardOptions = {}): tf.Tensor3D {
    const run = (): tf.Tensor3D =>
      tf.reshape(this.#hiddenRows(ids_BT, options), [...ids_BT.shape, this.config.hidden_size]);
    return options.onLayer ? run() : tf.tidy(run);
  }

  /**
   * Scores of the next token at every position.
   *
   * @param ids_BT token ids, int32 `[B, T]`
   * @returns `[B, T, V]`
   * @throws ModelError as `hidden`
   */
  logits(ids_BT: tf.Tensor2D, options: ForwardOptions = {}): tf.Tensor3D {
    return tf.tidy(() => {
      return tf.reshape(this.headLogits(this.#hiddenRows(ids_BT, options)), [...ids_BT.shape, this.config.vocab_size]);
    });
  }

  /**
   * Scores from the states that `hidden` gives, for those who want only some of them; soft-capped when the configuration says so.
   *
   * @param hidden_ND `[N, D]`
   * @returns `[N, V]`
   */
  headLogits(hidden_ND: tf.Tensor2D): tf.Tensor2D {
    return tf.tidy(() => {
      const logits_NV = linear(hidden_ND, this.headWeight);
      const cap = this.config.final_logit_softcapping;
      return cap === null ? logits_NV : tf.mul(tf.tanh(tf.div(logits_NV, cap)), cap);
    });
  }

  /**
   * Mean cross-entropy in nats per counted target (plus z-loss). The logits never exist as a whole.
   *
   * @param batch inputs, targets and segment ids, int32 `[B, T]`
   * @returns scalar
   * @throws ModelError as `hidden`
   */
  loss(batch: TrainingBatch, options: LossOptions = {}): tf.Scalar {
    return tf.tidy(() => {
      const segmentIds_BT = batch.segmentIds_BT ?? options.segmentIds_BT;
      const hidden_ND = this.#hiddenRows(batch.inputs_BT, { ...options, segmentIds_BT });
      const { zLoss, chunkRows } = options;
      if (this.config.final_logit_softcapping !== null) {
        return crossEntropy(this.headLogits(hidden_ND), tf.reshape(batch.targets_BT, [-1]), { zLoss }) as tf.Scalar;
      }
      return linearCrossEntropy(hidden_ND, this.headWeight, tf.reshape(batch.targets_BT, [-1]), { zLoss, chunkRows });
    });
  }

  /**
   * Continues a prompt.
   *
   * @param promptIds at least one token
   * @returns the new tokens, without prompt and stop token
   * @throws ModelError `INVALID_ARGUMENT` when the prompt is empty or outside the vocabulary, or an option out of range
   */
  async generate(promptIds: ArrayLike<number>, options: GenerateOptions): Promise<number[]> {
    return (await this.generateBatch([promptIds], options))[0].ids;
  }

  /**
   * Continues several prompts together, of any lengths.
   *
   * @returns one continuation a prompt, with log-probabilities; those of a prompt alone, token for token
   * @throws ModelError `INVALID_ARGUMENT` as `generate`
   */
  generateBatch(prompts: readonly ArrayLike<number>[], options: GenerateOptions): Promise<Generation[]> {
    const lists = prompts.map((ids) => Array.from(ids));
    return generateBatch(this.#causalModel(), lists, options);
  }

  /**
   * Continues prompts and yields every token as it comes; each can end its sequence. In the end the whole continuations.
   *
   * @throws ModelError `INVALID_ARGUMENT` as `generate`
   */
  generateSteps(
    prompts: readonly ArrayLike<number>[],
    options: GenerateOptions,
  ): AsyncGenerator<GenerationStep, Generation[]> {
    const lists = prompts.map((ids) => Array.from(ids));
    return generateSteps(this.#causalModel(), lists, options);
  }

  /**
   * Begins to read one sequence, some tokens at a time, with keys and values kept: for those who choose the tokens themselves,
   * such as `speculate` of @smol/mtp.
   *
   * @param capacity positions to make room for at once; more are taken as they come
   */
  startSession(capacity?: number): DecodingSession {
    return startSession((ids_BT, caches) => this.hidden(ids_BT, { caches }), capacity);
  }

  #causalModel(): CausalModel {
    return {
      vocabularySize: this.config.vocab_size,
      stopIds: [this.config.eos_token_id ?? []].flat(),
      nextLogits: (ids_BT, caches) => this.#nextLogits(ids_BT, caches),
    };
  }

  /** A copy of all parameters, read from the backend. */
  toTensors(): Map<string, ModelTensor> {
    const read = (variable: tf.Variable) => ({
      shape: [...variable.shape],
      data: variable.dataSync<'float32'>().slice(),
    });
    return new Map([...this.parameters].map(([name, variable]) => [name, read(variable)]));
  }

  /** Frees all parameters; the model cannot be used any more. */
  dispose(): void {
    for (const variable of this.parameters.values()) variable.dispose();
    this.#rope.dispose();
  }

  #parameter(name: string): tf.Variable {
    return this.parameters.get(name)!;
  }

  /** `[B·T, D]` after the final normalisation. */
  #hiddenRows(ids_BT: tf.Tensor2D, options: ForwardOptions): tf.Tensor2D {
    if (ids_BT.rank !== 2 || ids_BT.dtype !== 'int32') {
      throw new ModelError('INVALID_ARGUMENT', `token ids must be int32 [B, T], got ${ids_BT.dtype} [${ids_BT.shape}]`);
    }
    const { embedding_multiplier: factor, logits_scaling: divisor, rms_norm_eps: epsilon } = this.config;
    checkCaches(ids_BT.shape[0], options);
    const context = this.#context(ids_BT, options);
    const looked_ND = embedding(this.#parameter(EMBEDDING), tf.reshape(ids_BT, [-1])) as tf.Tensor2D;
    const embedded_ND: tf.Tensor2D = factor === 1 ? looked_ND : tf.mul(looked_ND, factor);
    const last_ND = this.#layers.reduce((x_ND, weights, layer) => {
      const run = isCheckpointed(layer, options) ? checkpointedLayer : decoderLayer;
      const y_ND = run(x_ND, layer, weights, context);
      options.onLayer?.(layer, y_ND);
      return y_ND;
    }, embedded_ND);
    for (const cache of options.caches ?? []) cache.advance(ids_BT.shape[1]);
    const normed_ND = rmsNorm(last_ND, this.#parameter(FINAL_NORM), epsilon);
    return divisor === 1 ? normed_ND : tf.div(normed_ND, divisor);
  }

  #context(ids_BT: tf.Tensor2D, options: ForwardOptions): ForwardContext {
    const { segmentIds_BT, maxLogits, caches } = options;
    const [batch, time] = ids_BT.shape;
    const starts = caches?.map(({ length }) => length) ?? [0];
    const ropeTables = starts.map((start) => this.#rope.rows(start, time));
    const onMaxLogits = maxLogits && ((maxLogits_H: tf.Tensor1D) => void maxLogits.push(maxLogits_H));
    return { config: this.config, batch, time, ropeTables, segmentIds_BT, caches, onMaxLogits };
  }

  /** Logits `[B, V]` after the last of the new positions. */
  #nextLogits(ids_BT: tf.Tensor2D, caches: readonly KvCache[]): tf.Tensor2D {
    const [batch, time] = ids_BT.shape;
    const hidden_ND = this.#hiddenRows(ids_BT, { caches });
    if (time === 1) return this.headLogits(hidden_ND);
    const hidden_BTD: tf.Tensor3D = tf.reshape(hidden_ND, [batch, time, -1]);
    const last_BD: tf.Tensor2D = tf.reshape(tf.slice(hidden_BTD, [0, time - 1, 0], [-1, 1, -1]), [batch, -1]);
    return this.headLogits(last_BD);
  }
}

/** Throws `INVALID_ARGUMENT` unless there is a cache a row, and nothing that caches cannot do. */
function checkCaches(rows: number, { caches, segmentIds_BT, checkpointing = false }: ForwardOptions): void {
  if (caches === undefined) return;
  if (caches.length !== rows) {
    throw new ModelError('INVALID_ARGUMENT', `caches must be one a row of ids, so ${rows}, got ${caches.length}`);
  }
  if (segmentIds_BT || checkpointing !== false) {
    throw new ModelError('INVALID_ARGUMENT', 'caches go with neither segmentIds_BT nor checkpointing; leave those out');
  }
}

function isCheckpointed(layer: number, { checkpointing = false }: ForwardOptions): boolean {
  return typeof checkpointing === 'boolean' ? checkpointing : checkpointing.includes(layer);
}

/** Legend: B batch, T time, N = B·T rows, D model width, V vocabulary. */
import { embedding, linear, linearCrossEntropy, rmsNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { checkpointedLayer, decoderLayer, layerWeights } from './decoder-layer.ts';
import type { ForwardContext, LayerWeights } from './decoder-layer.ts';
import { generateTokens } from './generate.ts';
import type { GenerateOptions } from './generate.ts';
import { initialValues } from './initial-values.ts';
import type { KvCache } from './kv-cache.ts';
import type { ModelConfig } from './model-config.ts';
import { ModelError } from './model-error.ts';
import { checkTensors, toVariable } from './model-tensors.ts';
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
  /** Recompute activations in the backward pass instead of remembering them: less memory, a third more work. */
  checkpointing?: boolean;
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
  readonly config: ModelConfig;
  /** Trainable variables under their Hugging Face names, in the order of the forward pass. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly #layers: LayerWeights[];
  readonly #rope: RopeCache;

  private constructor(config: ModelConfig, parameters: ReadonlyMap<string, tf.Variable>) {
    this.config = config;
    this.parameters = parameters;
    this.#layers = config.no_rope_layers.map((_, layer) => layerWeights(parameters, layer));
    this.#rope = new RopeCache(config);
  }

  /**
   * A fresh model: matrices N(0, initializer_range), residual projections scaled by 1/√(2L), gains 1.
   *
   * @param config a configuration, or the fields of a `config.json`
   * @param options every weight is a function of the seed, its tensor's name and its index
   * @throws ModelError as `parseConfig`
   */
  static initialize(config: object, { seed }: { seed: number }): SmolLM {
    const complete = parseConfig(config);
    const variables = [...parameterShapes(complete)].map(
      ([name, shape]) => [name, toVariable({ shape, data: initialValues(name, shape, complete, seed) })] as const,
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

  /** Output head `[V, D]`: the embedding table when they are tied. */
  get headWeight(): tf.Variable {
    return this.#parameter(this.config.tie_word_embeddings ? EMBEDDING : HEAD);
  }

  /**
   * The residual stream after the final normalisation.
   *
   * @param ids_BT token ids, int32 `[B, T]`
   * @returns `[B, T, D]`
   * @throws ModelError `INVALID_ARGUMENT` when the ids are not int32 `[B, T]`
   */
  hidden(ids_BT: tf.Tensor2D, options: ForwardOptions = {}): tf.Tensor3D {
    return tf.tidy(() => {
      const hidden_ND = this.#hiddenRows(ids_BT, options);
      return tf.reshape(hidden_ND, [...ids_BT.shape, this.config.hidden_size]);
    });
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
      const logits_NV = linear(this.#hiddenRows(ids_BT, options), this.headWeight);
      return tf.reshape(logits_NV, [...ids_BT.shape, this.config.vocab_size]);
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
  generate(promptIds: ArrayLike<number>, options: GenerateOptions): Promise<number[]> {
    const model = {
      vocabularySize: this.config.vocab_size,
      stopIds: [this.config.eos_token_id ?? []].flat(),
      nextLogits: (ids_BT: tf.Tensor2D, cache: KvCache) => this.#nextLogits(ids_BT, cache),
    };
    return generateTokens(model, Array.from(promptIds), options);
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
  #hiddenRows(ids_BT: tf.Tensor2D, options: ForwardOptions, cache?: KvCache): tf.Tensor2D {
    if (ids_BT.rank !== 2 || ids_BT.dtype !== 'int32') {
      throw new ModelError('INVALID_ARGUMENT', `token ids must be int32 [B, T], got ${ids_BT.dtype} [${ids_BT.shape}]`);
    }
    const context = this.#context(ids_BT, options, cache);
    const run = options.checkpointing ? checkpointedLayer : decoderLayer;
    const embedded_ND = embedding(this.#parameter(EMBEDDING), tf.reshape(ids_BT, [-1])) as tf.Tensor2D;
    const last_ND = this.#layers.reduce((x_ND, weights, layer) => run(x_ND, layer, weights, context), embedded_ND);
    return rmsNorm(last_ND, this.#parameter(FINAL_NORM), this.config.rms_norm_eps);
  }

  #context(ids_BT: tf.Tensor2D, { segmentIds_BT, maxLogits }: ForwardOptions, cache?: KvCache): ForwardContext {
    const [batch, time] = ids_BT.shape;
    const ropeTable = this.#rope.rows(cache?.length ?? 0, time);
    const onMaxLogits = maxLogits && ((maxLogits_H: tf.Tensor1D) => void maxLogits.push(maxLogits_H));
    return { config: this.config, batch, time, ropeTable, segmentIds_BT, cache, onMaxLogits };
  }

  #nextLogits(ids_BT: tf.Tensor2D, cache: KvCache): tf.Tensor1D {
    const hidden_ND = this.#hiddenRows(ids_BT, {}, cache);
    const last_1D = tf.slice(hidden_ND, [hidden_ND.shape[0] - 1, 0], [1, -1]);
    return tf.reshape(linear(last_1D, this.headWeight), [-1]);
  }
}

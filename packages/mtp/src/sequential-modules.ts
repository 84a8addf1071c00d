import { embedding, linear, linearCrossEntropy, rmsNorm } from '@smol/ops';
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { eagerGradients, isRecording } from './eager-gradients.ts';
import { newGain, newMatrix, type HeadBlock, type HeadBlockFactory } from './head-block.ts';
import { checkHeadWeights, sequentialHeadWeights } from './head-weights.ts';
import { checkCount, checkShape, MtpError } from './mtp-error.ts';
import { addInto, type HeadBatch, type HeadLossOptions } from './parallel-heads.ts';
import { shiftLeft, shiftTargets } from './shift-targets.ts';

// B batch, T time, D model width, V vocabulary.

/** Options of {@link SequentialModules}. */
export interface SequentialModulesOptions {
  /** number of modules: each predicts one token further; 0 changes nothing */
  depth: number;
  /** D */
  dimension: number;
  /** makes the transformer layer of each module, for example `transformerBlock` */
  block: HeadBlockFactory;
  /** λ, default 0.3: the modules' mean loss counts so much */
  lambda?: number;
  /** of RMSNorm, default 1e-6 */
  epsilon?: number;
  /** standard deviation of new weights, default 0.02 */
  initializerRange?: number;
  /** every weight is a function of the seed, the module and its name */
  seed: number;
}

/** A batch as the modules' loss sees it. */
export interface SequentialBatch extends HeadBatch {
  /** int32 [B, T], the tokens the model read */
  inputs_BT: tf.Tensor2D;
  /** [V, D], the embedding that model and modules share; may be the unembedding itself */
  embedding_VD: tf.Tensor;
}

interface Module {
  readonly hiddenNorm_D: tf.Variable;
  readonly embeddingNorm_D: tf.Variable;
  /** [D, 2D] */
  readonly projection: tf.Variable;
  readonly block: HeadBlock;
  readonly parameters: ReadonlyMap<string, tf.Variable>;
}

/** Loss of a module, and the gradients of its inputs: hidden state before it, unembedding, embedding, own parameters. */
interface ModuleRun {
  loss: tf.Scalar;
  gradients: tf.Tensor[];
}

/** The projection starts as [identity, small]: a new module looks at the state before it and a little at the token. */
function newProjection(dimension: number, stream: RandomStream, deviation: number): tf.Variable {
  const values = stream.normals(2 * dimension * dimension, deviation);
  for (let row = 0; row < dimension; row++) {
    const start = row * 2 * dimension;
    values.fill(0, start, start + dimension);
    values[start + row] = 1;
  }
  return newMatrix([dimension, 2 * dimension], values);
}

function newModule(options: Required<SequentialModulesOptions>, index: number): Module {
  const { dimension, seed, initializerRange } = options;
  const block = options.block(index + 1);
  const own = {
    hiddenNorm_D: newGain(dimension),
    embeddingNorm_D: newGain(dimension),
    projection: newProjection(dimension, new RandomStream(seed, `mtp.modules.${index}.join`), initializerRange),
  };
  const parameters = new Map([
    ['hidden_norm.weight', own.hiddenNorm_D],
    ['embedding_norm.weight', own.embeddingNorm_D],
    ['join.weight', own.projection],
    ...block.parameters,
  ]);
  return { ...own, block, parameters };
}

/**
 * Multi-token prediction with sequential modules: module k joins the state of depth k − 1 at position i with the embedding
 * of token i + k, h' = M·[RMSNorm(h) ; RMSNorm(Emb(t_{i+k}))], runs its transformer layer over it, and the shared
 * unembedding predicts token i + k + 1. The whole causal chain is kept, unlike with parallel heads. The loss is the
 * model's plus (λ / depth)·Σ of the modules'.
 *
 * One module at a time goes forward and backward: what remains of the others is a hidden state. Each runs forward twice.
 *
 * Source: DeepSeek-V3, arXiv 2412.19437 §2.2.
 */
export class SequentialModules {
  /** trainable variables of all modules, named `mtp.modules.1.…` */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  readonly depth: number;
  /** weights where the loss is given no others: the model's, then each module's */
  readonly weights: readonly number[];
  readonly #modules: readonly Module[];
  readonly #epsilon: number;

  /** @throws MtpError `BAD_OPTION` */
  constructor(options: SequentialModulesOptions) {
    const resolved = { lambda: 0.3, epsilon: 1e-6, initializerRange: 0.02, ...options };
    const { depth, lambda } = resolved;
    if (depth !== 0) checkCount('depth', depth);
    checkCount('dimension', resolved.dimension);
    if (!(lambda >= 0 && lambda < Infinity))
      throw new MtpError('BAD_OPTION', `lambda must be a number ≥ 0, got ${lambda}`);
    this.depth = depth;
    this.#epsilon = resolved.epsilon;
    this.weights = sequentialHeadWeights(lambda, depth);
    this.#modules = Array.from({ length: depth }, (_, index) => newModule(resolved, index + 1));
    this.parameters = new Map(
      this.#modules.flatMap(({ parameters }, index) =>
        [...parameters].map(([name, variable]): [string, tf.Variable] => [
          `mtp.modules.${index + 1}.${name}`,
          variable,
        ]),
      ),
    );
  }

  /**
   * Loss of the model and its modules.
   *
   * @returns scalar, in nats
   * @throws MtpError `SHAPE_MISMATCH`, `BAD_OPTION`
   */
  loss(batch: SequentialBatch, options: HeadLossOptions = {}): tf.Scalar {
    const { hidden_BTD, headWeight_VD, embedding_VD, targets_BT, inputs_BT } = batch;
    checkShape(
      hidden_BTD.rank === 3 &&
        hidden_BTD.shape.slice(0, 2).join() === targets_BT.shape.join() &&
        inputs_BT.shape.join() === targets_BT.shape.join() &&
        headWeight_VD.shape.join() === embedding_VD.shape.join() &&
        headWeight_VD.shape[1] === hidden_BTD.shape[2],
      () =>
        `SequentialModules needs hidden [B, T, D], head weight and embedding [V, D], inputs and targets [B, T], got ` +
        `[${hidden_BTD.shape}], [${headWeight_VD.shape}], [${embedding_VD.shape}], [${inputs_BT.shape}] and [${targets_BT.shape}]`,
    );
    checkHeadWeights(options.headWeights, this.depth + 1);
    if (!isRecording()) return tf.tidy(() => this.#forward(batch, options));
    const run = tf.customGrad((...args) => {
      const save = args.pop() as unknown as tf.GradSaveFunc;
      const [hidden, headWeight, table] = args as unknown as [tf.Tensor3D, tf.Tensor, tf.Tensor];
      // Tied weights are one variable: two tensors keep their two gradients apart, and the tape adds them.
      const shared_VD = table.id === headWeight.id ? tf.clone(table) : table;
      const given = { ...batch, hidden_BTD: hidden, headWeight_VD: headWeight, embedding_VD: shared_VD };
      const { value, gradients } = this.#lossWithGradients(given, options);
      save(gradients);
      return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((gradient) => tf.mul(gradient, dy)) };
    });
    return run(hidden_BTD, headWeight_VD, embedding_VD, ...this.parameters.values()) as tf.Scalar;
  }

  /**
   * The state of depth `module`, ready for the unembedding, from that of the depth before it.
   *
   * @param module 1, 2, …
   * @param hidden_BTD state of depth `module` − 1
   * @param ids_BT int32 [B, T], token i + `module` at position i
   * @param embedding_VD [V, D]
   */
  apply(
    module: number,
    hidden_BTD: tf.Tensor3D,
    ids_BT: tf.Tensor2D,
    embedding_VD: tf.Tensor,
    segmentIds_BT?: tf.Tensor2D,
  ): tf.Tensor3D {
    const { hiddenNorm_D, embeddingNorm_D, projection, block } = this.#modules[module - 1];
    return tf.tidy(() => {
      const rows_ND = embedding(embedding_VD as tf.Tensor2D, tf.reshape(ids_BT, [-1]));
      const token_BTD = tf.reshape(rows_ND, hidden_BTD.shape) as tf.Tensor3D;
      const both = tf.concat(
        [rmsNorm(hidden_BTD, hiddenNorm_D, this.#epsilon), rmsNorm(token_BTD, embeddingNorm_D, this.#epsilon)],
        2,
      );
      return block.apply(linear(both, projection) as tf.Tensor3D, segmentIds_BT);
    });
  }

  /** Frees the parameters. */
  dispose(): void {
    for (const variable of this.parameters.values()) variable.dispose();
  }

  #applyTo(module: number, hidden_BTD: tf.Tensor3D, batch: SequentialBatch): tf.Tensor3D {
    const ids_BT =
      module >= batch.inputs_BT.shape[1] ? tf.zerosLike(batch.inputs_BT) : shiftLeft(batch.inputs_BT, module, 0);
    return this.apply(module, hidden_BTD, ids_BT as tf.Tensor2D, batch.embedding_VD, batch.segmentIds_BT);
  }

  #headLoss(module: number, own_BTD: tf.Tensor3D, batch: SequentialBatch, zLoss?: number): tf.Scalar {
    const own_ND = tf.reshape(own_BTD, [-1, own_BTD.shape[2]]) as tf.Tensor2D;
    const targets_N = tf.reshape(shiftTargets(batch.targets_BT, module, batch.segmentIds_BT), [-1]) as tf.Tensor1D;
    return linearCrossEntropy(own_ND, batch.headWeight_VD, targets_N, { zLoss });
  }

  /** Deepest module that counts. */
  #deepest(weights: readonly number[]): number {
    return Math.max(
      0,
      weights.findLastIndex((weight) => weight > 0),
    );
  }

  #forward(batch: SequentialBatch, options: HeadLossOptions): tf.Scalar {
    const weights = options.headWeights ?? this.weights;
    const losses = [weights[0] === 0 ? tf.scalar(0) : this.#headLoss(0, batch.hidden_BTD, batch, options.zLoss)];
    let hidden_BTD = batch.hidden_BTD;
    for (let module = 1; module <= this.#deepest(weights); module++) {
      hidden_BTD = this.#applyTo(module, hidden_BTD, batch);
      losses.push(this.#headLoss(module, hidden_BTD, batch, options.zLoss));
    }
    return this.#sum(losses, weights, options);
  }

  #sum(losses: tf.Scalar[], weights: readonly number[], { headLosses }: HeadLossOptions): tf.Scalar {
    const all = weights.map((_, index) => losses[index] ?? tf.scalar(0));
    headLosses?.push(...all.map((loss) => tf.keep(tf.clone(loss))));
    const weighted = losses.map((loss, index): tf.Scalar => tf.mul(loss, weights[index]));
    return weighted.reduce((sum, loss) => tf.add(sum, loss));
  }

  /** Down the chain for the states, then up again: each module forward and backward with what the deeper ones ask for. */
  #lossWithGradients(batch: SequentialBatch, options: HeadLossOptions): { value: tf.Scalar; gradients: tf.Tensor[] } {
    const weights = options.headWeights ?? this.weights;
    const deepest = this.#deepest(weights);
    const states = [batch.hidden_BTD];
    for (let module = 1; module < deepest; module++) states.push(this.#applyTo(module, states[module - 1], batch));
    const losses: tf.Scalar[] = [];
    const own: tf.Tensor[][] = [];
    let dhidden_BTD: tf.Tensor | undefined;
    let shared: tf.Tensor[] | undefined;
    for (let module = deepest; module >= 1; module--) {
      const run = this.#runModule(module, states[module - 1], dhidden_BTD, batch, { ...options, headWeights: weights });
      if (module > 1) states[module - 1].dispose();
      dhidden_BTD?.dispose();
      dhidden_BTD = run.gradients[0];
      shared = addInto(shared, run.gradients.slice(1, 3));
      own[module] = run.gradients.slice(3);
      losses[module] = run.loss;
    }
    const { value, gradients } = this.#runMain(batch, weights[0], options);
    losses[0] = value;
    const dmain = addInto(dhidden_BTD && shared ? [dhidden_BTD, shared[0]] : undefined, gradients);
    const dtable = shared?.[1] ?? tf.zerosLike(batch.embedding_VD);
    const idle = this.#modules
      .slice(deepest)
      .flatMap(({ parameters }) => [...parameters.values()].map((x) => tf.zerosLike(x)));
    return { value: this.#sum(losses, weights, options), gradients: [...dmain, dtable, ...own.flat(), ...idle] };
  }

  #runMain(batch: SequentialBatch, weight: number, { zLoss }: HeadLossOptions) {
    return tf.tidy(() => {
      const xs = [batch.hidden_BTD, batch.headWeight_VD];
      if (weight === 0) return { value: tf.scalar(0), gradients: xs.map((x) => tf.zerosLike(x)) };
      const { value, gradients } = eagerGradients(() => this.#headLoss(0, batch.hidden_BTD, batch, zLoss), xs);
      return { value, gradients: weight === 1 ? gradients : gradients.map((x) => tf.mul(x, weight)) };
    });
  }

  #runModule(
    module: number,
    hidden_BTD: tf.Tensor3D,
    dnext_BTD: tf.Tensor | undefined,
    batch: SequentialBatch,
    { headWeights, zLoss }: HeadLossOptions,
  ): ModuleRun {
    return tf.tidy(() => {
      let loss: tf.Scalar | undefined;
      const run = () => {
        const own_BTD = this.#applyTo(module, hidden_BTD, batch);
        const plain = this.#headLoss(module, own_BTD, batch, zLoss);
        loss = tf.keep(tf.clone(plain));
        const weighted: tf.Scalar = tf.mul(plain, headWeights![module]);
        return dnext_BTD ? (tf.add(weighted, tf.sum(tf.mul(own_BTD, dnext_BTD))) as tf.Scalar) : weighted;
      };
      const parameters = [...this.#modules[module - 1].parameters.values()];
      const { gradients } = eagerGradients(run, [hidden_BTD, batch.headWeight_VD, batch.embedding_VD, ...parameters]);
      const value = tf.clone(loss!);
      loss!.dispose();
      return { loss: value, gradients };
    });
  }
}

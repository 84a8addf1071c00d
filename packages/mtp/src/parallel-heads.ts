import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { eagerGradients, isRecording } from './eager-gradients.ts';
import type { HeadBlock, HeadBlockFactory } from './head-block.ts';
import { checkHeadWeights } from './head-weights.ts';
import { checkCount, checkShape, MtpError } from './mtp-error.ts';
import { windowedHeads, type StackedHeads } from './stacked-heads.ts';
import { shiftTargets } from './shift-targets.ts';

// B batch, T time, N = B·T rows, D model width, V vocabulary, n heads.

/** Options of {@link ParallelHeads}. */
export interface ParallelHeadsOptions {
  /** n, how many tokens ahead are predicted; head 1 is the model itself, so 1 changes nothing */
  predictions: number;
  /** makes the blocks of heads 2 to n, for example `transformerBlock` */
  block: HeadBlockFactory;
  /** weight of the loss of heads 2 to n, default 1 (Meta); DeepSeek-V3 used 0.3, later 0.1, for one more head */
  weight?: number;
}

/** A batch as the loss sees it. */
export interface HeadBatch {
  /** [B, T, D], the trunk's hidden state after its final norm */
  hidden_BTD: tf.Tensor3D;
  /** [V, D], the unembedding that all heads share */
  headWeight_VD: tf.Tensor;
  /** int32 [B, T], the next token of each position, −100 where there is none */
  targets_BT: tf.Tensor2D;
  /** int32 [B, T]; without it every −100 is taken for the end of a document */
  segmentIds_BT?: tf.Tensor2D;
}

/** Options of {@link ParallelHeads.loss}. */
export interface HeadLossOptions {
  /** receives the mean loss of each head, head 1 first; they are kept, the caller disposes of them */
  headLosses?: tf.Scalar[];
  /** as in `linearCrossEntropy` */
  zLoss?: number;
  /** weight of each head, head 1 first, in place of those of the constructor; heads of weight 0 are not computed */
  headWeights?: readonly number[];
}

/** The heads' losses run over these, in this order: hidden state, unembedding, then the parameters of all blocks. */
type Inputs = [hidden: tf.Tensor3D, headWeight: tf.Tensor, ...parameters: tf.Tensor[]];

/**
 * Multi-token prediction with parallel heads: head i maps the trunk's hidden state at t through its own block, and the
 * shared unembedding predicts x_{t+i} from it. The loss is that of head 1 plus `weight` times the sum of the others',
 * each the mean over its own targets; targets beyond the row or the document count for nothing.
 *
 * One head at a time goes forward and backward: only one head's logits (a chunk of them) and activations exist at once,
 * and the gradients of hidden state and unembedding are sums that grow in place (the paper's memory trick).
 *
 * Source: Gloeckle et al., arXiv 2404.19737. It helps from about a billion parameters on; below, expect nothing or loss.
 */
export class ParallelHeads {
  /** trainable variables of all blocks, named `mtp.heads.2.…` */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** n */
  readonly predictions: number;
  /** weight of each head where the loss is given no others, head 1 first */
  readonly weights: readonly number[];
  readonly #blocks: readonly HeadBlock[];
  readonly #factory: HeadBlockFactory;

  /** @throws MtpError `BAD_OPTION` */
  constructor({ predictions, block, weight = 1 }: ParallelHeadsOptions) {
    checkCount('predictions', predictions);
    if (!(weight >= 0 && weight < Infinity))
      throw new MtpError('BAD_OPTION', `weight must be a number ≥ 0, got ${String(weight)}`);
    this.predictions = predictions;
    this.weights = Array.from({ length: predictions }, (_, index) => (index === 0 ? 1 : weight));
    this.#factory = block;
    this.#blocks = Array.from({ length: predictions - 1 }, (_, index) => block(index + 2));
    this.parameters = new Map(
      this.#blocks.flatMap(({ parameters }, index) =>
        [...parameters].map(([name, variable]): [string, tf.Variable] => [`mtp.heads.${index + 2}.${name}`, variable]),
      ),
    );
  }

  /**
   * The summed loss of all heads.
   *
   * @returns scalar, in nats
   * @throws MtpError `SHAPE_MISMATCH`
   */
  loss(batch: HeadBatch, options: HeadLossOptions = {}): tf.Scalar {
    const { hidden_BTD, headWeight_VD, targets_BT } = batch;
    checkShape(
      hidden_BTD.rank === 3 &&
        hidden_BTD.shape.slice(0, 2).join() === targets_BT.shape.join() &&
        headWeight_VD.shape[1] === hidden_BTD.shape[2],
      () =>
        `ParallelHeads needs hidden [B, T, D], head weight [V, D] and targets [B, T], got [${hidden_BTD.shape}], [${headWeight_VD.shape}] and [${targets_BT.shape}]`,
    );
    checkHeadWeights(options.headWeights, this.predictions);
    const inputs: Inputs = [hidden_BTD, headWeight_VD, ...this.parameters.values()];
    if (!isRecording()) return tf.tidy(() => this.#sum(this.#losses(batch, options), options));
    const run = tf.customGrad((...args) => {
      const save = args.pop() as unknown as tf.GradSaveFunc;
      const { value, gradients } = this.#lossWithGradients(batch, args as unknown as Inputs, options);
      save(gradients);
      return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((gradient) => tf.mul(gradient, dy)) };
    });
    return run(...inputs) as tf.Scalar;
  }

  /** Hidden states of all heads, [B, T, D] each, head 1 first: for drafting several tokens at once. */
  hidden(hidden_BTD: tf.Tensor3D, segmentIds_BT?: tf.Tensor2D): tf.Tensor3D[] {
    return tf.tidy(() => [
      tf.clone(hidden_BTD),
      ...this.#blocks.map((block) => block.apply(hidden_BTD, segmentIds_BT)),
    ]);
  }

  /** Heads 2 to n as they read one sequence, all at once: for drafting; their weights are those of this moment. */
  stack(): StackedHeads {
    return this.#factory.stack?.(this.#blocks) ?? windowedHeads(this.#blocks);
  }

  /** Frees the parameters. */
  dispose(): void {
    for (const variable of this.parameters.values()) variable.dispose();
  }

  /** Loss of one head, times its weight. */
  #headLoss(
    head: number,
    { hidden_BTD, headWeight_VD, targets_BT, segmentIds_BT }: HeadBatch,
    { zLoss }: HeadLossOptions,
  ): tf.Scalar {
    return tf.tidy(() => {
      const own_BTD = head === 1 ? hidden_BTD : this.#blocks[head - 2].apply(hidden_BTD, segmentIds_BT);
      const own_ND = tf.reshape(own_BTD, [-1, hidden_BTD.shape[2]]) as tf.Tensor2D;
      const targets_N = tf.reshape(shiftTargets(targets_BT, head - 1, segmentIds_BT), [-1]) as tf.Tensor1D;
      return linearCrossEntropy(own_ND, headWeight_VD, targets_N, { zLoss });
    });
  }

  #losses(batch: HeadBatch, options: HeadLossOptions): tf.Scalar[] {
    return Array.from({ length: this.predictions }, (_, index) =>
      this.#weightOf(index + 1, options) === 0 ? tf.scalar(0) : this.#headLoss(index + 1, batch, options),
    );
  }

  #weightOf(head: number, { headWeights = this.weights }: HeadLossOptions): number {
    return headWeights[head - 1];
  }

  #sum(losses: readonly tf.Scalar[], options: HeadLossOptions): tf.Scalar {
    options.headLosses?.push(...losses.map((loss) => tf.keep(tf.clone(loss))));
    return losses
      .map((loss, index) => tf.mul(loss, this.#weightOf(index + 1, options)) as tf.Scalar)
      .reduce((sum, loss) => tf.add(sum, loss));
  }

  /** All heads one after the other, each forward and backward; gradients in the order of the inputs. */
  #lossWithGradients(
    batch: HeadBatch,
    [hidden_BTD, headWeight_VD]: Inputs,
    options: HeadLossOptions,
  ): { value: tf.Scalar; gradients: tf.Tensor[] } {
    const losses: tf.Scalar[] = [];
    let shared: tf.Tensor[] | undefined;
    const own: tf.Tensor[] = [];
    for (let head = 1; head <= this.predictions; head++) {
      const parameters = head === 1 ? [] : [...this.#blocks[head - 2].parameters.values()];
      if (this.#weightOf(head, options) === 0) {
        losses.push(tf.scalar(0));
        own.push(...parameters.map((parameter) => tf.zerosLike(parameter)));
        continue;
      }
      const { value, gradients } = this.#runHead(
        head,
        { ...batch, hidden_BTD, headWeight_VD },
        [hidden_BTD, headWeight_VD, ...parameters],
        options,
      );
      losses.push(value);
      shared = addInto(shared, gradients.slice(0, 2));
      own.push(...gradients.slice(2));
    }
    shared ??= [tf.zerosLike(hidden_BTD), tf.zerosLike(headWeight_VD)];
    return { value: this.#sum(losses, options), gradients: [...shared, ...own] };
  }

  #runHead(
    head: number,
    batch: HeadBatch,
    xs: tf.Tensor[],
    options: HeadLossOptions,
  ): { value: tf.Scalar; gradients: tf.Tensor[] } {
    return tf.tidy(() => {
      const weight = this.#weightOf(head, options);
      const { value, gradients } = eagerGradients(() => this.#headLoss(head, batch, options), xs);
      return { value, gradients: weight === 1 ? gradients : gradients.map((gradient) => tf.mul(gradient, weight)) };
    });
  }
}

/** Adds and frees both terms, so that one running sum lives at a time. */
export function addInto(sum: tf.Tensor[] | undefined, terms: tf.Tensor[]): tf.Tensor[] {
  if (!sum) return terms;
  const next = sum.map((tensor, index) => tf.add(tensor, terms[index]));
  tf.dispose([...sum, ...terms]);
  return next;
}

import * as tf from '@tensorflow/tfjs-core';
import { allReduceTensors } from './all-reduce.ts';
import { countTargets, type Batch, type BatchTensors, type LossOptions, type TrainableModel } from './model.ts';
import { PairwiseSum } from './pairwise-sum.ts';
import type { ProcessGroup } from './process-group.ts';
import { TrainError } from './train-error.ts';

// B batch, T time, L attention layers, H query heads.

/** What the backward pass of a step, over all micro-batches and processes, leaves. */
export interface StepGradients {
  /** mean nats per counted token of the global batch */
  loss: number;
  /** by parameter name; the caller's to dispose */
  gradients: Map<string, tf.Tensor>;
  /** largest attention logit by layer and head; empty when the model gives none */
  maxLogits: number[][];
}

/**
 * Cuts a batch into `count` micro-batches of equal rows.
 *
 * @throws TrainError `BAD_OPTION` when the rows cannot be shared out equally
 */
export function splitBatch(batch: Batch, count: number): Batch[] {
  const rows = batch.rows / count;
  if (!Number.isInteger(rows)) {
    throw new TrainError('BAD_OPTION', `accumulation ${count} must divide the ${batch.rows} rows of a batch`);
  }
  const length = rows * batch.sequenceLength;
  return Array.from({ length: count }, (_, index) => {
    const part = (ids: Int32Array) => ids.subarray(index * length, (index + 1) * length);
    return { ...batch, rows, inputs: part(batch.inputs), targets: part(batch.targets), segments: part(batch.segments) };
  });
}

function toTensors(batch: Batch): BatchTensors {
  const tensor = (ids: Int32Array) => tf.tensor2d(ids, [batch.rows, batch.sequenceLength], 'int32');
  return { inputs_BT: tensor(batch.inputs), targets_BT: tensor(batch.targets), segmentIds_BT: tensor(batch.segments) };
}

type OnActivation = NonNullable<LossOptions['onActivation']>;

interface MicroBatchResult {
  /** the weighted loss, then the gradients in the order of the parameters */
  terms: tf.Tensor[];
  maxLogits_LH?: tf.Tensor2D;
}

/** Loss and gradients of one micro-batch, both multiplied by its share of the counted tokens. */
function runMicroBatch(
  model: TrainableModel,
  batch: Batch,
  share: number,
  onActivation?: OnActivation,
): MicroBatchResult {
  return tf.tidy(() => {
    const tensors = toTensors(batch);
    const maxLogits: tf.Tensor1D[] = [];
    const weightedLoss = () => {
      const loss = tf.mul(
        model.loss(tensors, { maxLogits, ...(onActivation && { onActivation }) }),
        share,
      ) as tf.Scalar;
      for (const layer_H of maxLogits) tf.keep(layer_H); // outlive the scope of variableGrads
      return loss;
    };
    const { value, grads } = tf.variableGrads(weightedLoss, [...model.parameters.values()]);
    const gradients = [...model.parameters].map(([name, parameter]) => gradientOf(grads, name, parameter));
    const maxLogits_LH = maxLogits.length > 0 ? (tf.stack(maxLogits) as tf.Tensor2D) : undefined;
    tf.dispose(maxLogits);
    return { terms: [value, ...gradients], ...(maxLogits_LH && { maxLogits_LH }) };
  });
}

function gradientOf(gradients: tf.NamedTensorMap, name: string, parameter: tf.Variable): tf.Tensor {
  const gradient = gradients[parameter.name];
  if (gradient) return gradient;
  throw new TrainError(
    'BAD_OPTION',
    `${name}: the loss does not depend on this parameter; leave it out of the model's parameters`,
  );
}

function accumulateMax(sum_LH: tf.Tensor2D | undefined, next_LH: tf.Tensor2D | undefined): tf.Tensor2D | undefined {
  if (!sum_LH || !next_LH) return sum_LH ?? next_LH;
  const max_LH = tf.maximum(sum_LH, next_LH) as tf.Tensor2D;
  tf.dispose([sum_LH, next_LH]);
  return max_LH;
}

/**
 * Forward and backward over the micro-batches of a step, summed as a fixed tree and all-reduced. Each micro-batch
 * weighs as much as it has counted tokens in the global batch, so the split changes nothing but rounding.
 *
 * @param onActivation is shown the activations of a model that shows them
 */
export async function forwardBackward(
  model: TrainableModel,
  microBatches: readonly Batch[],
  group: ProcessGroup,
  onActivation?: OnActivation,
): Promise<StepGradients> {
  const counts = microBatches.map(countTargets);
  const { counted } = group.agree({ counted: counts.reduce((sum, count) => sum + count, 0) }, 'sum');
  const sum = new PairwiseSum();
  let maxLogits_LH: tf.Tensor2D | undefined;
  for (const [index, batch] of microBatches.entries()) {
    const result = runMicroBatch(model, batch, counts[index] / Math.max(1, counted), onActivation);
    sum.add(result.terms);
    maxLogits_LH = accumulateMax(maxLogits_LH, result.maxLogits_LH);
  }
  const [loss, ...gradients] = await allReduceTensors(group, sum.total(), { op: 'sum', label: 'gradients' });
  return {
    loss: await takeScalar(loss),
    gradients: new Map([...model.parameters.keys()].map((name, index) => [name, gradients[index]])),
    maxLogits: await reduceMaxLogits(group, maxLogits_LH),
  };
}

async function reduceMaxLogits(group: ProcessGroup, maxLogits_LH: tf.Tensor2D | undefined): Promise<number[][]> {
  if (!maxLogits_LH) return [];
  const [reduced_LH] = await allReduceTensors(group, [maxLogits_LH], { op: 'max', label: 'max logits' });
  const values = (await reduced_LH.array()) as number[][];
  reduced_LH.dispose();
  return values;
}

/** Reads a scalar and disposes of it. */
export async function takeScalar(scalar: tf.Tensor): Promise<number> {
  const [value] = await scalar.data();
  scalar.dispose();
  return value;
}

import { variableGradients } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { allReduceTensors } from './all-reduce.ts';
import {
  countTargets,
  type Batch,
  type BatchTensors,
  type LossOptions,
  type StepPlace,
  type TrainableModel,
} from './model.ts';
import { PairwiseSum } from './pairwise-sum.ts';
import type { ProcessGroup } from './process-group.ts';
import { TrainError } from './train-error.ts';

// B batch, T time, L attention layers, H query heads.

/** What the backward pass of a step, over all micro-batches and processes, leaves. */
export interface StepGradients {
  /** mean nats per counted token of the global batch */
  loss: number;
  /** parts of it, as the model names them, and other means over the batch */
  parts: Record<string, number>;
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
    const { origins } = batch;
    return {
      ...batch,
      rows,
      inputs: part(batch.inputs),
      targets: part(batch.targets),
      segments: part(batch.segments),
      ...(origins && { origins: origins.slice(index * rows, (index + 1) * rows) }),
    };
  });
}

function toTensors(batch: Batch): BatchTensors {
  const tensor = (ids: Int32Array) => tf.tensor2d(ids, [batch.rows, batch.sequenceLength], 'int32');
  const { origins } = batch;
  return {
    inputs_BT: tensor(batch.inputs),
    targets_BT: tensor(batch.targets),
    segmentIds_BT: tensor(batch.segments),
    ...(origins && { origins }),
  };
}

/** What a micro-batch is asked for beside loss and gradients. */
export interface BackwardOptions {
  /** is shown the activations of a model that shows them */
  onActivation?: LossOptions['onActivation'];
  place?: StepPlace;
}

interface MicroBatchResult {
  /** the weighted loss, its weighted parts, then the gradients in the order of the parameters */
  terms: tf.Tensor[];
  /** of the parts */
  names: string[];
  maxLogits_LH?: tf.Tensor2D;
}

/** Loss and gradients of one micro-batch, both multiplied by its share of the counted tokens. */
async function runMicroBatch(
  model: TrainableModel,
  batch: Batch,
  share: number,
  { onActivation, place = { step: 1, totalSteps: 1 } }: BackwardOptions,
): Promise<MicroBatchResult> {
  const tensors = toTensors(batch);
  const { inputs_BT, targets_BT, segmentIds_BT } = tensors;
  const prepared = await model.prepare?.(tensors, place);
  try {
    return backward(model, tensors, share, { place, prepared, ...(onActivation && { onActivation }) });
  } finally {
    tf.dispose([inputs_BT, targets_BT, segmentIds_BT]);
    if (prepared !== undefined) tf.dispose(prepared);
  }
}

function backward(
  model: TrainableModel,
  tensors: BatchTensors,
  share: number,
  options: Omit<LossOptions, 'maxLogits' | 'onLoss'>,
): MicroBatchResult {
  return tf.tidy(() => {
    const maxLogits: tf.Tensor1D[] = [];
    const parts = new Map<string, tf.Scalar>();
    // What is looked at outlives the scope of variableGradients.
    const onLoss = (name: string, loss: tf.Scalar) => void parts.set(name, tf.keep(tf.clone(loss)));
    const weightedLoss = () => {
      const loss = tf.mul(model.loss(tensors, { maxLogits, onLoss, ...options }), share) as tf.Scalar;
      for (const layer_H of maxLogits) tf.keep(layer_H);
      return loss;
    };
    const { value, grads } = variableGradients(weightedLoss, [...model.parameters.values()]);
    const gradients = [...model.parameters].map(([name, parameter]) => gradientOf(grads, name, parameter));
    const maxLogits_LH = maxLogits.length > 0 ? (tf.stack(maxLogits) as tf.Tensor2D) : undefined;
    const weightedParts = [...parts.values()].map((part) => tf.mul(part, share));
    tf.dispose([...maxLogits, ...parts.values()]);
    const terms = [value, ...weightedParts, ...gradients];
    return { terms, names: [...parts.keys()], ...(maxLogits_LH && { maxLogits_LH }) };
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
 */
export async function forwardBackward(
  model: TrainableModel,
  microBatches: readonly Batch[],
  group: ProcessGroup,
  options: BackwardOptions = {},
): Promise<StepGradients> {
  const counts = microBatches.map(countTargets);
  const { counted } = group.agree({ counted: counts.reduce((sum, count) => sum + count, 0) }, 'sum');
  const sum = new PairwiseSum();
  let maxLogits_LH: tf.Tensor2D | undefined;
  let names: string[] = [];
  for (const [index, batch] of microBatches.entries()) {
    const result = await runMicroBatch(model, batch, counts[index] / Math.max(1, counted), options);
    sum.add(result.terms);
    names = result.names;
    maxLogits_LH = accumulateMax(maxLogits_LH, result.maxLogits_LH);
  }
  const [loss, ...terms] = await allReduceTensors(group, sum.total(), { op: 'sum', label: 'gradients' });
  const gradients = terms.splice(names.length);
  const parts: Record<string, number> = {};
  for (const [index, name] of names.entries()) parts[name] = await takeScalar(terms[index]);
  return {
    loss: await takeScalar(loss),
    parts,
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

import type { QuantizationError, QuantizationType } from '@smol/weights';
import { quantizeTensors } from '@smol/weights';
import * as tf from '@tensorflow/tfjs-core';
import { SmolLM } from './smol-lm.ts';
import type { TrainingBatch } from './smol-lm.ts';

/** What quantization does to a model. */
export interface QuantizationReport {
  type: QuantizationType;
  /** Mean nats per target, with the weights as they are. */
  lossBefore: number;
  /** The same with the weights that the stored bytes stand for. */
  lossAfter: number;
  /** Bytes of all tensors. */
  bytes: number;
  /** Tensor by tensor. */
  tensors: QuantizationError[];
}

/** Mean loss of the batches, each counting for its targets. */
async function meanLoss(model: SmolLM, batches: readonly TrainingBatch[]): Promise<number> {
  let [sum, count] = [0, 0];
  for (const batch of batches) {
    const [loss, counted] = tf.tidy(() => [
      model.loss(batch).dataSync()[0],
      tf.sum(tf.cast(tf.notEqual(batch.targets_BT, -100), 'int32')).dataSync()[0],
    ]);
    sum += loss * counted;
    count += counted;
  }
  return sum / count;
}

/**
 * Measures what storing a model in a quantized type costs: the error of every tensor, and the loss before and after on
 * held-out text.
 *
 * @param batches held-out text, int32 `[B, T]`; the caller disposes of it
 * @throws WeightsError `BAD_TENSOR` when a weight is not finite
 */
export async function measureQuantization(
  model: SmolLM,
  type: QuantizationType,
  batches: readonly TrainingBatch[],
): Promise<QuantizationReport> {
  const { tensors, errors } = quantizeTensors(model.toTensors(), type);
  const quantized = SmolLM.fromTensors(model.config, tensors);
  try {
    const [lossBefore, lossAfter] = [await meanLoss(model, batches), await meanLoss(quantized, batches)];
    return { type, lossBefore, lossAfter, bytes: errors.reduce((sum, { bytes }) => sum + bytes, 0), tensors: errors };
  } finally {
    quantized.dispose();
  }
}

import { globalNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { forwardBackward, splitBatch, takeScalar } from './forward-backward.ts';
import { finiteOrNull, type StepRecord } from './metrics.ts';
import type { Batch } from './model.ts';
import { StepGuard, type SkipVerdict } from './step-guard.ts';
import type { ResolvedOptions } from './trainer-options.ts';

/** What one step did, without what only the Trainer knows (tokens so far, time). */
export interface StepOutcome {
  record: Omit<StepRecord, 'tokens' | 'timing'>;
  skip?: SkipVerdict;
}

/**
 * One training step: forward and backward over all micro-batches, all-reduce, check for NaN and spikes, clip, update,
 * QK-Clip. The order is that of the large training codes: guards see the raw norm, QK-Clip the weights after the update.
 */
export async function runTrainingStep(
  options: ResolvedOptions,
  guard: StepGuard,
  step: number,
  batch: Batch,
): Promise<StepOutcome> {
  const microBatches = splitBatch(batch, options.accumulation);
  const { loss, gradients, maxLogits } = await forwardBackward(options.model, microBatches, options.processGroup);
  try {
    const gradientNorm = await takeScalar(globalNorm([...gradients.values()]));
    const skip = guard.judge(step, { loss, gradientNorm });
    const factor = skip ? 1 : options.clip.factor(gradientNorm);
    const learningRateScale = options.schedule(step);
    const clippedHeads = skip ? undefined : applyUpdate(options, { gradients, factor, learningRateScale, maxLogits });
    const measured = { step, loss, gradientNorm, clippedGradientNorm: gradientNorm * factor, learningRateScale };
    return { record: describeStep(options, { ...measured, maxLogits, clippedHeads, skip }), ...(skip && { skip }) };
  } finally {
    tf.dispose([...gradients.values()]);
  }
}

interface Update {
  gradients: ReadonlyMap<string, tf.Tensor>;
  factor: number;
  learningRateScale: number;
  maxLogits: readonly number[][];
}

/** Clips, updates, and lets QK-Clip have the last word; returns the heads it clipped, where there is one. */
function applyUpdate(
  { optimizers }: ResolvedOptions,
  { gradients, factor, learningRateScale, maxLogits }: Update,
): number | undefined {
  tf.tidy(() => {
    const clipped =
      factor === 1 ? gradients : new Map([...gradients].map(([name, gradient]) => [name, tf.mul(gradient, factor)]));
    for (const optimizer of optimizers) optimizer.step(clipped, { learningRateScale });
  });
  const reports = optimizers.flatMap((optimizer) => optimizer.qkClip?.(maxLogits) ?? []);
  return reports.length === 0 ? undefined : reports.reduce((count, report) => count + report.clippedHeads, 0);
}

interface Measured {
  step: number;
  loss: number;
  gradientNorm: number;
  clippedGradientNorm: number;
  learningRateScale: number;
  maxLogits: readonly number[][];
  clippedHeads?: number;
  skip?: SkipVerdict;
}

function describeStep({ optimizers, bytesPerToken }: ResolvedOptions, measured: Measured): StepOutcome['record'] {
  const { step, loss, learningRateScale, maxLogits, clippedHeads, skip } = measured;
  const rates = optimizers.map((optimizer) => [optimizer.name, optimizer.learningRate * learningRateScale]);
  return {
    step,
    loss: finiteOrNull(loss),
    ...(bytesPerToken && Number.isFinite(loss) && { bitsPerByte: loss / (Math.LN2 * bytesPerToken) }),
    gradientNorm: finiteOrNull(measured.gradientNorm),
    clippedGradientNorm: finiteOrNull(measured.clippedGradientNorm),
    learningRateScale,
    learningRate: Object.fromEntries(rates),
    ...(maxLogits.length > 0 && { maxLogit: finiteOrNull(Math.max(...maxLogits.flat())) }),
    ...(clippedHeads !== undefined && { clippedHeads }),
    ...(skip && { skipped: skip.reason }),
  };
}

import { globalNorm } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { forwardBackward, splitBatch, takeScalar, type StepGradients } from './forward-backward.ts';
import { clippedNorm, type ClipFactor, type GradientNorms } from './gradient-clip.ts';
import { ActivationProbe, inspectUpdate, type Inspection } from './inspection.ts';
import { finiteOrNull, type StepRecord } from './metrics.ts';
import { NEXT_TOKEN, type Batch } from './model.ts';
import type { Judgement, StepGuard } from './step-guard.ts';
import type { ResolvedOptions } from './trainer-options.ts';

/** What the Trainer knows of a step beforehand. */
export interface StepPlan {
  step: number;
  /** factor on learning rates, of the schedule and of rollbacks */
  learningRateScale: number;
  /** factor on the clip's limit */
  tightness: number;
}

/** What one step did, without what only the Trainer knows (tokens so far, time). */
export interface StepOutcome extends Judgement {
  record: Omit<StepRecord, 'tokens' | 'rows' | 'timing'>;
}

/**
 * One training step: forward and backward over all micro-batches, all-reduce, check for NaN and spikes, clip, update,
 * QK-Clip. The order is that of the large training codes: guards see the raw norm, QK-Clip the weights after the update.
 */
export async function runTrainingStep(
  options: ResolvedOptions,
  guard: StepGuard,
  plan: StepPlan,
  batch: Batch,
): Promise<StepOutcome> {
  const isInspected = options.inspect !== undefined && plan.step % options.inspect.every === 0;
  const probe = isInspected ? new ActivationProbe() : undefined;
  const microBatches = splitBatch(batch, options.microBatches(batch.rows));
  const backward = await forwardBackward(options.model, microBatches, options.processGroup, {
    place: { step: plan.step, totalSteps: options.totalSteps },
    ...(probe && { onActivation: probe.take }),
  });
  const before = isInspected ? snapshot(options.model.parameters) : undefined;
  try {
    const norms = await measureNorms(backward.gradients, options.clip.perParameter === true);
    const maxLogit = backward.maxLogits.length > 0 ? Math.max(...backward.maxLogits.flat()) : undefined;
    const judgement = guard.judge(plan.step, { loss: backward.loss, gradientNorm: norms.global, maxLogit });
    const isApplied = !judgement.skip && !judgement.failure;
    const factor = isApplied ? options.clip.factor(norms, plan.tightness) : 1;
    const clippedHeads = isApplied ? applyUpdate(options, plan, backward, factor) : undefined;
    const measured = { plan, backward, norms, factor, clippedHeads, maxLogit, judgement };
    const after = options.model.parameters;
    const seen = before && inspectUpdate({ before, after, gradients: backward.gradients }, options.inspect!);
    const inspection: Inspection | undefined = seen && { ...seen, ...probe!.read() };
    return { ...judgement, record: { ...describeStep(options, measured), ...(inspection && { inspection }) } };
  } finally {
    tf.dispose([...backward.gradients.values(), ...(before?.values() ?? [])]);
  }
}

/** Clones share their values until the variable is assigned another. */
function snapshot(parameters: ReadonlyMap<string, tf.Variable>): Map<string, tf.Tensor> {
  return new Map([...parameters].map(([name, parameter]) => [name, tf.clone(parameter as tf.Tensor)]));
}

async function measureNorms(gradients: ReadonlyMap<string, tf.Tensor>, perParameter: boolean): Promise<GradientNorms> {
  const global = await takeScalar(globalNorm([...gradients.values()]));
  if (!perParameter) return { global, each: new Map() };
  const stacked = tf.tidy(() => tf.stack([...gradients.values()].map((gradient) => globalNorm([gradient]))));
  const norms = await stacked.data<'float32'>();
  stacked.dispose();
  return { global, each: new Map([...gradients.keys()].map((name, index) => [name, norms[index]])) };
}

/** Clips, updates, and lets QK-Clip have the last word; returns the heads it clipped, where there is one. */
function applyUpdate(
  { optimizers, optimizerSchedules }: ResolvedOptions,
  { step, learningRateScale }: StepPlan,
  { gradients, maxLogits }: StepGradients,
  factor: ClipFactor,
): number | undefined {
  tf.tidy(() => {
    const clipped = scaleGradients(gradients, factor);
    for (const optimizer of optimizers) {
      const { learningRate, momentum, weightDecay } = optimizerSchedules[optimizer.name] ?? {};
      optimizer.step(clipped, {
        learningRateScale: learningRateScale * (learningRate?.(step) ?? 1),
        ...(momentum && { momentum: momentum(step) }),
        ...(weightDecay && { weightDecay: weightDecay(step) }),
      });
    }
  });
  const reports = optimizers.flatMap((optimizer) => optimizer.qkClip?.(maxLogits) ?? []);
  return reports.length === 0 ? undefined : reports.reduce((count, report) => count + report.clippedHeads, 0);
}

function scaleGradients(gradients: ReadonlyMap<string, tf.Tensor>, factor: ClipFactor): ReadonlyMap<string, tf.Tensor> {
  if (factor === 1) return gradients;
  const factorOf = (name: string) => (typeof factor === 'number' ? factor : (factor.get(name) ?? 1));
  const scale = (name: string, gradient: tf.Tensor) =>
    factorOf(name) === 1 ? gradient : tf.mul(gradient, factorOf(name));
  return new Map([...gradients].map(([name, gradient]) => [name, scale(name, gradient)]));
}

interface Measured {
  plan: StepPlan;
  backward: StepGradients;
  norms: GradientNorms;
  factor: ClipFactor;
  clippedHeads?: number;
  maxLogit?: number;
  judgement: Judgement;
}

function describeStep(options: ResolvedOptions, measured: Measured): StepOutcome['record'] {
  const { plan, backward, norms, factor, clippedHeads, maxLogit, judgement } = measured;
  const { loss, parts } = backward;
  const { bytesPerToken } = options;
  const onData = parts[NEXT_TOKEN] ?? loss;
  return {
    step: plan.step,
    loss: finiteOrNull(loss),
    ...(Object.keys(parts).length > 0 && { parts: finiteParts(parts) }),
    ...(bytesPerToken && Number.isFinite(onData) && { bitsPerByte: onData / (Math.LN2 * bytesPerToken) }),
    gradientNorm: finiteOrNull(norms.global),
    clippedGradientNorm: finiteOrNull(clippedNorm(norms, factor)),
    ...(typeof factor !== 'number' && { clippedParameters: [...factor.values()].filter((one) => one < 1).length }),
    learningRateScale: plan.learningRateScale,
    ...describeSettings(options, plan),
    ...(maxLogit !== undefined && { maxLogit: finiteOrNull(maxLogit) }),
    ...(clippedHeads !== undefined && { clippedHeads }),
    ...(judgement.skip && { skipped: judgement.skip.reason }),
  };
}

function finiteParts(parts: Readonly<Record<string, number>>): Record<string, number | null> {
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, finiteOrNull(value)]));
}

/** Learning rates, and what else the schedules of single optimizers say at this step. */
function describeSettings({ optimizers, optimizerSchedules }: ResolvedOptions, { step, learningRateScale }: StepPlan) {
  const rates = optimizers.map(({ name, learningRate }) => {
    const own = optimizerSchedules[name]?.learningRate?.(step) ?? 1;
    return [name, learningRate * learningRateScale * own] as const;
  });
  const valuesOf = (key: 'momentum' | 'weightDecay') => {
    const scheduled = optimizers.flatMap(({ name }) => {
      const schedule = optimizerSchedules[name]?.[key];
      return schedule ? [[name, schedule(step)] as const] : [];
    });
    return scheduled.length > 0 ? { [key]: Object.fromEntries(scheduled) } : {};
  };
  return { learningRate: Object.fromEntries(rates), ...valuesOf('momentum'), ...valuesOf('weightDecay') };
}

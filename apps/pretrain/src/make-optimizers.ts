import type { ModelConfig } from '@smol/model';
import { AdamW, Muon, MuonClip, splitHeads, splitParameters } from '@smol/optim-muon';
import { AdaGC, piecewise, ZClip, type GradientClip, type GuardOptions, type TrainerOptions } from '@smol/train';
import type * as tf from '@tensorflow/tfjs-core';
import type { TrainRecipe } from './train-schema.ts';

/** The optimizers of a recipe: Muon or MuonClip for hidden matrices and AdamW for the rest, or AdamW for everything. */
export function makeOptimizers(
  train: TrainRecipe,
  model: { parameters: ReadonlyMap<string, tf.Variable>; config: ModelConfig },
): TrainerOptions['optimizers'] {
  if (train.optimizer === 'adamw' || !train.muon) return [new AdamW(model.parameters, train.adamw)];
  const { muon, adamw } = splitParameters(model.parameters);
  const headDimension = model.config.head_dim;
  const { perHead, momentumSchedule: _, ...options } = train.muon;
  const settings = { ...options, ...(perHead && { split: splitHeads(headDimension) }) };
  const forMatrices =
    train.optimizer === 'muon'
      ? new Muon(muon, settings)
      : new MuonClip(muon, { ...settings, headDimension, threshold: train.qkClip });
  return [forMatrices, new AdamW(adamw, train.adamw)];
}

/** Schedules that only one optimizer has. */
export function makeOptimizerSchedules({ optimizer, muon }: TrainRecipe): TrainerOptions['optimizerSchedules'] {
  if (optimizer === 'adamw' || !muon?.momentumSchedule) return {};
  return { muon: { momentum: piecewise(muon.momentumSchedule) } };
}

/** The clip of a recipe. */
export function makeClip({ gradientClip }: TrainRecipe): number | null | GradientClip {
  if (gradientClip === null || typeof gradientClip === 'number') return gradientClip;
  if (gradientClip.kind === 'adagc') {
    const { relativeLimit, absoluteLimit } = gradientClip;
    return new AdaGC({ relativeLimit, absoluteLimit });
  }
  const { threshold, maximumNorm } = gradientClip;
  return new ZClip({ threshold, maximumNorm });
}

/** The guards of a recipe. */
export function makeGuards({ guards }: TrainRecipe): GuardOptions {
  const { maxLogit, ...options } = guards;
  return { ...options, alarms: { maxLogit } };
}

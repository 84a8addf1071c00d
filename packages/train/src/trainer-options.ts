import type { CheckpointStore } from './checkpoint.ts';
import { globalClip, type GradientClip } from './gradient-clip.ts';
import type { MetricSink } from './metrics.ts';
import type { BatchSource, TrainableModel } from './model.ts';
import { checkOptimizers, type TrainOptimizer } from './optimizer.ts';
import { LocalGroup, type ProcessGroup } from './process-group.ts';
import { constant, type Schedule } from './schedule.ts';
import type { GuardOptions } from './step-guard.ts';
import { checkCount, checkRange, TrainError } from './train-error.ts';

/** Where and how often checkpoints are written: into a folder (Node), or into a store of one's own. */
export type CheckpointOptions = {
  /** steps between checkpoints; there is always one at the end and when the run is stopped */
  every: number;
  /** go on from the newest checkpoint when there is one; default true */
  resume?: boolean;
} & ({ folder: string; keep?: number } | { store: CheckpointStore });

/** A measurement between steps. */
export interface EvaluateOptions {
  /** steps between evaluations; there is always one at the end */
  every: number;
  /** gives named numbers, e.g. `{ loss: 3.2 }` */
  run(step: number): Promise<Record<string, number>> | Record<string, number>;
}

/** Options of {@link Trainer}. */
export interface TrainerOptions {
  model: TrainableModel;
  /** together they train every parameter of the model, each once */
  optimizers: readonly TrainOptimizer[];
  loader: BatchSource;
  totalSteps: number;
  /** factor on all learning rates by step; default constant 1 */
  schedule?: Schedule;
  /** a number is the largest global norm; `null` turns clipping off; default 1 */
  gradientClip?: number | GradientClip | null;
  /** micro-batches per step; each batch of the loader is cut into so many; default 1 */
  accumulation?: number;
  guards?: GuardOptions;
  sinks?: readonly MetricSink[];
  checkpoint?: CheckpointOptions;
  evaluate?: EvaluateOptions;
  /** stops the run between two steps, after a checkpoint */
  signal?: AbortSignal;
  /** default one process */
  processGroup?: ProcessGroup;
  /** bytes of text per token of the training data: metrics then have bits per byte */
  bytesPerToken?: number;
  /** the run's resolved config, plain JSON: kept in each checkpoint */
  config?: unknown;
}

/** Options with their defaults. */
export interface ResolvedOptions extends TrainerOptions {
  schedule: Schedule;
  clip: GradientClip;
  accumulation: number;
  sinks: readonly MetricSink[];
  processGroup: ProcessGroup;
}

/** No clipping, as a clip: the Trainer needs no other case. */
const unclipped: GradientClip = { settings: { kind: 'none' }, factor: () => 1, state: () => ({}), restore: () => {} };

/** @throws TrainError `BAD_OPTION` */
export function resolveOptions(options: TrainerOptions): ResolvedOptions {
  checkCount('totalSteps', options.totalSteps);
  checkCount('accumulation', options.accumulation ?? 1);
  if (options.checkpoint) checkCount('checkpoint.every', options.checkpoint.every);
  if (options.evaluate) checkCount('evaluate.every', options.evaluate.every);
  if (options.bytesPerToken !== undefined) checkRange('bytesPerToken', options.bytesPerToken, Number.MIN_VALUE);
  checkOptimizers(options.model, options.optimizers);
  const sinks = options.sinks ?? [];
  const names = sinks.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new TrainError('BAD_OPTION', `two sinks are called ${repeated}`);
  return {
    ...options,
    schedule: options.schedule ?? constant(),
    clip: resolveClip(options.gradientClip),
    accumulation: options.accumulation ?? 1,
    sinks,
    processGroup: options.processGroup ?? new LocalGroup(),
  };
}

function resolveClip(clip: TrainerOptions['gradientClip']): GradientClip {
  if (clip === null) return unclipped;
  return clip === undefined || typeof clip === 'number' ? globalClip(clip) : clip;
}

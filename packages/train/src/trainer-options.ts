import type { CheckpointOptions } from './checkpoint-options.ts';
import { globalClip, type GradientClip } from './gradient-clip.ts';
import type { InspectOptions } from './inspection.ts';
import type { MetricSink } from './metrics.ts';
import type { BatchSource, TrainableModel } from './model.ts';
import { checkOptimizers, type TrainOptimizer } from './optimizer.ts';
import { LocalGroup, type ProcessGroup } from './process-group.ts';
import { constant, type Schedule } from './schedule.ts';
import { checkStages, placeStages, type PlacedStage, type TrainStage } from './stages.ts';
import type { GuardOptions } from './step-guard.ts';
import { checkCount, checkRange, TrainError } from './train-error.ts';

/** A measurement between steps. */
export interface EvaluateOptions {
  /** steps between evaluations; there is always one at the end */
  every: number;
  /** gives named numbers, e.g. `{ loss: 3.2 }` */
  run(step: number): Promise<Record<string, number>> | Record<string, number>;
}

/** Schedules of one optimizer alone; momentum is β₁ for AdamW. */
export interface OptimizerSchedules {
  /** another factor on its learning rate */
  learningRate?: Schedule;
  /** the value at a step */
  momentum?: Schedule;
  /** the value at a step */
  weightDecay?: Schedule;
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
  /** schedules of single optimizers, by their names */
  optimizerSchedules?: Readonly<Record<string, OptimizerSchedules>>;
  /** parts of the run with settings of their own; together they have `totalSteps` */
  stages?: readonly TrainStage[];
  /** a number is the largest global norm; `null` turns clipping off; default 1 */
  gradientClip?: number | GradientClip | null;
  /** micro-batches per step; each batch of the loader is cut into so many; default 1 */
  accumulation?: number;
  /** instead of `accumulation`: rows of a micro-batch, for batches that grow */
  microBatchRows?: number;
  guards?: GuardOptions;
  sinks?: readonly MetricSink[];
  checkpoint?: CheckpointOptions;
  evaluate?: EvaluateOptions;
  /** stops the run between two steps, after a checkpoint */
  signal?: AbortSignal;
  /** default one process */
  processGroup?: ProcessGroup;
  /** floating-point operations of the model on a token, forward and backward, by sequence length */
  flopsPerToken?: (sequenceLength: number) => number;
  /** floating-point operations a second that the engine can do: with `flopsPerToken`, metrics have the MFU */
  peakFlops?: number;
  /** a closer look at weights and activations every so many steps */
  inspect?: InspectOptions;
  /** bytes of text per token of the training data: metrics then have bits per byte */
  bytesPerToken?: number;
  /** the run's resolved config, plain JSON: kept in each checkpoint */
  config?: unknown;
}

/** Options with their defaults. */
export interface ResolvedOptions extends Omit<TrainerOptions, 'stages'> {
  schedule: Schedule;
  optimizerSchedules: Readonly<Record<string, OptimizerSchedules>>;
  stages: readonly PlacedStage[];
  clip: GradientClip;
  /** micro-batches of a batch of so many rows */
  microBatches: (rows: number) => number;
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
  if (options.inspect) checkCount('inspect.every', options.inspect.every);
  checkOptimizers(options.model, options.optimizers);
  checkSchedules(options);
  checkRollbackPossible(options);
  const stages = placeStages(options.stages ?? []);
  checkStages(stages, options.totalSteps);
  const sinks = options.sinks ?? [];
  const names = sinks.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new TrainError('BAD_OPTION', `two sinks are called ${repeated}`);
  return {
    ...options,
    schedule: options.schedule ?? constant(),
    clip: resolveClip(options.gradientClip),
    optimizerSchedules: options.optimizerSchedules ?? {},
    stages,
    microBatches: microBatchCount(options),
    sinks,
    processGroup: options.processGroup ?? new LocalGroup(),
  };
}

function resolveClip(clip: TrainerOptions['gradientClip']): GradientClip {
  if (clip === null) return unclipped;
  return clip === undefined || typeof clip === 'number' ? globalClip(clip) : clip;
}

function microBatchCount({ accumulation, microBatchRows }: TrainerOptions): (rows: number) => number {
  if (microBatchRows === undefined) return () => accumulation ?? 1;
  checkCount('microBatchRows', microBatchRows);
  if (accumulation !== undefined) throw new TrainError('BAD_OPTION', 'give accumulation or microBatchRows, not both');
  return (rows) => {
    if (rows % microBatchRows === 0) return rows / microBatchRows;
    throw new TrainError('BAD_OPTION', `microBatchRows ${microBatchRows} must divide the ${rows} rows of a batch`);
  };
}

function checkSchedules({ optimizers, optimizerSchedules = {} }: TrainerOptions): void {
  const names = optimizers.map(({ name }) => name);
  const stray = Object.keys(optimizerSchedules).find((name) => !names.includes(name));
  if (stray === undefined) return;
  throw new TrainError('BAD_OPTION', `optimizerSchedules names "${stray}"; the optimizers are ${names.join(', ')}`);
}

/** A rollback needs a checkpoint to go to and a loader that can leave out data. */
function checkRollbackPossible({ guards, checkpoint, loader }: TrainerOptions): void {
  if (!guards?.rollback) return;
  if (!checkpoint)
    throw new TrainError('BAD_OPTION', 'guards.rollback needs checkpoints to go back to: give checkpoint');
  if (!loader.skip) throw new TrainError('BAD_OPTION', 'guards.rollback needs a loader with skip(steps)');
}

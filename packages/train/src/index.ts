export { AdaGC, type AdaGCOptions } from './adagc.ts';
export type { Alarm, AlarmOptions } from './alarms.ts';
export type { Checkpoint, CheckpointState, CheckpointStore, StoredCheckpoint } from './checkpoint.ts';
export type { CheckpointOptions } from './checkpoint-options.ts';
export {
  DivergenceDetector,
  type Divergence,
  type DivergenceOptions,
  type DivergenceState,
} from './divergence-detector.ts';
export { globalClip, type ClipFactor, type GradientClip, type GradientNorms } from './gradient-clip.ts';
export type { InspectOptions, Inspection } from './inspection.ts';
export { measurePeakFlops } from './measure-peak.ts';
export type { EvaluationRecord, MetricRecord, MetricSink, StepRecord, Timing, TrainEvent } from './metrics.ts';
export {
  NEXT_TOKEN,
  type Batch,
  type BatchSource,
  type BatchTensors,
  type LossOptions,
  type StepPlace,
  type Stretch,
  type TrainableModel,
} from './model.ts';
export {
  nextToken,
  withObjectives,
  type ForwardPass,
  type Objective,
  type ObjectivesOptions,
  type Trunk,
} from './objective.ts';
export type { TrainOptimizer } from './optimizer.ts';
export { OutlierDetector, type OutlierDetectorState } from './outlier-detector.ts';
export { LocalGroup, type HostBuffer, type ProcessGroup, type ReduceOperation, type Work } from './process-group.ts';
export { progressSink, type ProgressOptions } from './progress-sink.ts';
export type { AllowedAdjustments, RollbackOptions } from './rollback.ts';
export { constant, wsd, type DecayShape, type Schedule, type WsdOptions } from './schedule.ts';
export {
  batchRampScale,
  cosine,
  piecewise,
  product,
  sequence,
  trapezoid,
  warmRestarts,
  type BatchRampPoint,
  type CosineOptions,
  type SchedulePart,
  type SchedulePoint,
  type TrapezoidOptions,
  type WarmRestartsOptions,
} from './schedule-shapes.ts';
export { shardPlan, type ShardedParameter, type ShardPiece, type ShardPlan } from './shard-plan.ts';
export { effectiveRank, stableRank, svdEntropy, symmetricEigenvalues } from './singular-values.ts';
export type { TrainStage } from './stages.ts';
export type { GuardOptions, SkipVerdict } from './step-guard.ts';
export { TrainError, type TrainErrorCode } from './train-error.ts';
export { Trainer, type TrainResult } from './trainer.ts';
export type { EvaluateOptions, OptimizerSchedules, TrainerOptions } from './trainer-options.ts';
export { ZClip, type ZClipOptions } from './zclip.ts';

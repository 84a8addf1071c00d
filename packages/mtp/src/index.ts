export { acceptDrafts, type Acceptance } from './accept-drafts.ts';
export { parallelDrafter, sequentialDrafter, type Drafter, type DraftRequest, type DraftSession } from './drafter.ts';
export type { HeadBlock, HeadBlockFactory } from './head-block.ts';
export { headTensors, isHeadParameter, restoreHeadTensors, type HeadTensor, type SavedHeads } from './head-tensors.ts';
export {
  deepSeekLambda,
  sequentialHeadWeights,
  speedrunHeadWeights,
  stagedHeadWeights,
  type HeadWeightStage,
} from './head-weights.ts';
export { MtpError, type MtpErrorCode } from './mtp-error.ts';
export { mtpObjective, type MtpObjective, type MtpObjectiveOptions, type ObjectivePass } from './mtp-objective.ts';
export { ParallelHeads, type HeadBatch, type HeadLossOptions, type ParallelHeadsOptions } from './parallel-heads.ts';
export { residualBlock, type ResidualBlockOptions } from './residual-block.ts';
export { SequentialModules, type SequentialBatch, type SequentialModulesOptions } from './sequential-modules.ts';
export { shiftTargets } from './shift-targets.ts';
export {
  recomputingModel,
  speculate,
  type DecodingSession,
  type Speculation,
  type SpeculationOptions,
  type SpeculativeModel,
} from './speculate.ts';
export type { StackedHeads } from './stacked-heads.ts';
export { transformerBlock, type TransformerBlockOptions } from './transformer-block.ts';
export { withParallelHeads, type ModelWithHeads, type TrainingBatch, type Trunk } from './with-parallel-heads.ts';
export { withSequentialModules } from './with-sequential-modules.ts';

export { attentionTransferLoss, relationLoss, type RelationLossOptions } from './attention-loss.ts';
export { cachedReport, type CachedReport } from './cached-report.ts';
export type { CacheDescription } from './cache-description.ts';
export {
  bestTeacher,
  predictStudentLoss,
  rampAt,
  type DistillationCase,
  type DistillationLaw,
  type Ramp,
} from './capacity.ts';
export { DistillError, type DistillErrorCode } from './distill-error.ts';
export {
  distillationObjective,
  type CachedTeacher,
  type DistillationObjective,
  type DistillationObjectiveOptions,
  type ObjectiveBatch,
  type ObjectivePass,
  type ObjectivePlace,
  type TokenStretch,
} from './distillation-objective.ts';
export { distillationLoss, type DistillationOptions, type Teacher } from './distillation-loss.ts';
export { klDivergence } from './divergence.ts';
export type { DivergenceKind } from './divergence-term.ts';
export { hiddenLoss, type HiddenLossOptions, type HiddenMeasure } from './hidden-loss.ts';
export { uniformLayerMap, type HiddenMatchingOptions, type LayerPair } from './hidden-matching.ts';
export {
  checkVocabulary,
  sharedTeacher,
  type OnlineTeacher,
  type TeacherModel,
  type TeacherStates,
} from './online-teacher.ts';
export { linearDistillationLoss, type LinearDistillationOptions } from './linear-distillation.ts';
export type { ChunkedTeacher, HiddenTeacher } from './mixed-rows.ts';
export { sampledCrossEntropy, sampledTargets, type SampledTargets } from './sampled.ts';
export { decodeTeacherRecords, encodeTeacherRecords } from './teacher-cache.ts';
export { recordBytes, type RecordFormat } from './teacher-record.ts';
export { teacherReport, type TeacherReport } from './teacher-report.ts';
export { topKDivergence, topKTargets, type MissingMass, type TopKTargets } from './top-k.ts';
export { universalLogitLoss } from './universal-logit-loss.ts';

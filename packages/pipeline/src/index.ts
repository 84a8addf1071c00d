export { isDocument, isDrop } from './document.ts';
export type {
  Document,
  Drop,
  ReadContext,
  Reader,
  Split,
  Step,
  StepContext,
  StepResult,
  Steps,
  StepsModule,
} from './document.ts';
export { filterStep } from './filter-step.ts';
export type { Filter, FilterVerdict } from './filter-step.ts';
export { JsonlWriter, writeJsonl } from './jsonl-writer.ts';
export type { JsonlWriterOptions } from './jsonl-writer.ts';
export type { OutputOptions } from './output-path.ts';
export { mergeStats } from './merge-stats.ts';
export type { MergedStats } from './merge-stats.ts';
export { PipelineError } from './pipeline-error.ts';
export type { PipelineErrorCode } from './pipeline-error.ts';
export type { PipelineOptions } from './pipeline-options.ts';
export type { PipelineProgress } from './progress.ts';
export { jsonlReader, readJsonl } from './read-jsonl.ts';
export type { Damage, JsonlOptions } from './read-jsonl.ts';
export { formatReport } from './report.ts';
export type { PipelineReport, ReportedTask } from './report.ts';
export { runPipeline } from './run-pipeline.ts';
export { formatStatus, runStatus } from './run-status.ts';
export type { HeardRank, RunStatus } from './run-status.ts';
export { runSteps } from './run-steps.ts';
export type { StepsRun } from './run-steps.ts';
export type { RemovedDocument, RunStepsOptions } from './step-runner.ts';
export type { Counts, StepCounts } from './step-counts.ts';

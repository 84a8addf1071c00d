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
export { anyReader } from './read-any.ts';
export type { AnyOptions } from './read-any.ts';
export { csvReader } from './read-csv.ts';
export type { CsvOptions } from './read-csv.ts';
export { listInputs } from './file-list.ts';
export type { FileListOptions } from './file-list.ts';
export type { FolderOptions } from './read-folder.ts';
export { htmlReader } from './read-html.ts';
export type { HtmlOptions } from './read-html.ts';
export type { LimitOptions } from './limit-documents.ts';
export { localFiles } from './local-storage.ts';
export { parquetFormat } from './parquet-format.ts';
export type { ParquetColumnType, ParquetFormatOptions } from './parquet-format.ts';
export { parquetReader } from './read-parquet.ts';
export type { ParquetOptions } from './read-parquet.ts';
export { pdfReader } from './read-pdf.ts';
export type { PdfOptions } from './read-pdf.ts';
export type { RecordOptions } from './record-document.ts';
export { s3Storage } from './s3-storage.ts';
export type { S3Options } from './s3-storage.ts';
export { uploadFile } from './storage.ts';
export type { Storage, StoredFile, StoredObject } from './storage.ts';
export { warcReader } from './read-warc-documents.ts';
export type { WarcHead, WarcOptions } from './read-warc-documents.ts';
export type { DocumentWriter, OutputFile, OutputFormat } from './document-writer.ts';
export { DocumentSample, rateSampler, sampleDocuments } from './sample-documents.ts';
export type { RateOptions, SampleOptions } from './sample-documents.ts';
export { StatsCollector } from './stats-collector.ts';
export type { Statistics, StatsGroup, StatsOptions } from './stats-collector.ts';
export { mergeStatistics, statsStep, writeStatistics } from './stats-step.ts';
export type { StatsStepOptions } from './stats-step.ts';
export {
  documentStats,
  languageStats,
  lineStats,
  paragraphStats,
  sentenceStats,
  tokenStats,
  wordStats,
} from './text-stats.ts';
export type { LineStatsOptions, SentenceStatsOptions, StatsBlock, WordStatsOptions } from './text-stats.ts';
export type { Metric } from './metric.ts';
export { writeDocuments } from './write-documents.ts';
export type { WriteOptions, WrittenFile } from './write-documents.ts';

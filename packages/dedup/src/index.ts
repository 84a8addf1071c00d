export type { TextSink } from './atomic-file.ts';
export { BloomDeduplicator } from './bloom-deduplicator.ts';
export type { BloomOptions, BloomState } from './bloom-deduplicator.ts';
export { clusterSignatures } from './cluster-signatures.ts';
export type { SignatureClusters } from './cluster-signatures.ts';
export { DedupError } from './dedup-error.ts';
export type { DedupErrorCode } from './dedup-error.ts';
export { dedupe } from './dedupe.ts';
export type { ExplainedRemoval } from './dedupe.ts';
export { dedupeFiles } from './dedupe-files.ts';
export type { DedupeFilesOptions, DedupeFilesReport } from './dedupe-files.ts';
export { Deduplicator } from './deduplicator.ts';
export type {
  Cluster,
  DedupeCounts,
  DedupeOptions,
  DedupeResult,
  RemovedDocument,
  Resemblance,
} from './deduplicator.ts';
export { ExactDeduplicator } from './exact-deduplicator.ts';
export type { ExactKey, TextDocument } from './exact-deduplicator.ts';
export { hashText } from './hash-text.ts';
export type { HashName } from './kernel.ts';
export { matchProbability, similarityThreshold } from './match-probability.ts';
export type { Banding } from './match-probability.ts';
export { MIN_HASH_PRESETS } from './min-hash-options.ts';
export type { MinHashOptions, MinHashPreset, MinHashSettings } from './min-hash-options.ts';
export { MinHasher } from './min-hasher.ts';
export type { WordSplitter } from './min-hasher.ts';
export { normalizeText } from './normalize-text.ts';
export type { InputFile } from './read-documents.ts';
export { estimateJaccard, jaccardSimilarity, matchingBands } from './similarity.ts';

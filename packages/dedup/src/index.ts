export type { TextSink } from './atomic-file.ts';
export { BloomDeduplicator } from './bloom-deduplicator.ts';
export type { BloomOptions, BloomState } from './bloom-deduplicator.ts';
export { clusterSignatures } from './cluster-signatures.ts';
export type { SignatureClusters } from './cluster-signatures.ts';
export { Decontaminator } from './decontaminator.ts';
export type { Contamination, DecontaminationOptions, EvaluationExample } from './decontaminator.ts';
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
export { explainDocument } from './explain-document.ts';
export type { Comparison, Explanation, Link } from './explain-document.ts';
export { hashText } from './hash-text.ts';
export type { HashName } from './kernel.ts';
export { minHashFiles } from './minhash-files.ts';
export type { InputReport, MinHashFilesOptions, MinHashFilesReport } from './minhash-files.ts';
export type { StageProgress, StageStart } from './stage-runner.ts';
export { saveMinHashIndex } from './minhash-index.ts';
export { expectedRecall, matchProbability, similarityThreshold } from './match-probability.ts';
export type { Banding } from './match-probability.ts';
export { MIN_HASH_PRESETS } from './min-hash-options.ts';
export type { MinHashOptions, MinHashPreset, MinHashSettings } from './min-hash-options.ts';
export { MinHasher } from './min-hasher.ts';
export type { WordSplitter } from './min-hasher.ts';
export { normalizeText } from './normalize-text.ts';
export { PackedBloomFilter } from './packed-bloom-filter.ts';
export type { PackedBloomOptions } from './packed-bloom-filter.ts';
export { planFiles } from './plan-files.ts';
export type { MinHashPlan, PlanOptions } from './plan-files.ts';
export type { InputFile } from './read-documents.ts';
export { FINEWEB2_REHYDRATION, rehydrationWeight } from './rehydration-weight.ts';
export { cutRanges, findRepeatedSubstrings, findRepeatedTokens } from './repeated-substrings.ts';
export type { SubstringOptions, TextRange, TokenOptions } from './repeated-substrings.ts';
export { estimateJaccard, jaccardSimilarity, matchingBands } from './similarity.ts';
export { SentenceDeduplicator, splitSentences } from './sentence-deduplicator.ts';
export type { SentenceOptions, SentenceResult, SentenceSplitter } from './sentence-deduplicator.ts';

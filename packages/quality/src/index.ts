export { QualityError, type QualityErrorCode } from './quality-error.ts';
export type { FilterResult, QualityFilter, TextInput, Verdict } from './verdict.ts';
export { PRESETS, type Preset } from './preset.ts';
export { LanguageIdentifier, type LanguageIdentifierOptions, type LanguageScore } from './language-identifier.ts';
export { languageFilter, type LanguageFilterOptions } from './language-filter.ts';
export { gopherRepetition, type GopherRepetitionOptions, type NGramLimit } from './gopher-repetition.ts';
export { gopherQuality, type GopherQualityOptions } from './gopher-quality.ts';
export { c4Quality, type C4QualityOptions } from './c4-quality.ts';
export { c4Paragraphs, type C4ParagraphsOptions } from './c4-paragraphs.ts';
export { finewebQuality, type FineWebQualityOptions } from './fineweb-quality.ts';
export { qualityFilters, runFilters, type FilterReport, type QualityFiltersOptions } from './quality-filters.ts';
export {
  fineweb2Config,
  FINEWEB2_LANGUAGES,
  loadFineWeb2Config,
  parseFineWeb2Config,
  type FineWeb2Config,
} from './fineweb2-config.ts';
export { fineweb2Filters, type FineWeb2FiltersOptions } from './fineweb2-filters.ts';
export { redactPii, type PiiState, type RedactedText, type RedactPiiOptions } from './redact-pii.ts';
export { isIban, SENSITIVE_KINDS, type SensitiveKind } from './sensitive-data.ts';
export { repairText } from './repair-text.ts';
export { FINEWEB2_SYMBOL_LINES, removeSymbolLines, type SymbolLinesOptions } from './symbol-lines.ts';
export {
  defaultSegmenter,
  spacySegmenter,
  treebankSegmenter,
  whitespaceSegmenter,
  type Segmenter,
} from './segmenter.ts';
export { segmenterFor } from './language-segmenters.ts';
export { PUNCTUATION, TERMINAL_PUNCTUATION } from './punctuation.ts';
export {
  DCLM_THRESHOLD,
  DCLM_TRAINING,
  integerScore,
  QualityClassifier,
  type LabelledText,
  type ScoredText,
  type TrainingOptions,
} from './quality-classifier.ts';
export type { LabelProbability } from './fasttext-model.ts';
export { learnedQuality, type LearnedQualityOptions } from './learned-quality.ts';
export {
  EmbeddingQuality,
  type AsyncQualityFilter,
  type EmbeddingQualityOptions,
  type EmbedTexts,
} from './embedding-quality.ts';
export type { EmbeddingHead, EmbeddingHeadKind } from './embedding-head.ts';
export { evaluateClassifier, type EvaluationReport } from './evaluate-classifier.ts';
export {
  bestThreshold,
  binaryMetrics,
  calibration,
  confusion,
  meanAbsoluteError,
  rootMeanSquaredError,
  type BinaryMetrics,
  type Calibration,
  type Confusion,
  type ReliabilityBin,
  type ScoredPair,
} from './quality-metrics.ts';
export type { ChatEndpoint, ChatUsage } from './chat-endpoint.ts';
export {
  labelDocuments,
  type Labelable,
  type LabelledDocument,
  type LabelOptions,
  type LabelUsage,
} from './label-documents.ts';
export { labelFile, type LabelFileReport } from './label-file.ts';
export { EDUCATIONAL_RANGE, educationalPrompt, parseScore } from './label-prompt.ts';

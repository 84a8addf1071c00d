export { QualityError, type QualityErrorCode } from './quality-error.ts';
export type { FilterResult, QualityFilter, TextInput, Verdict } from './verdict.ts';
export { PRESETS, type Preset } from './preset.ts';
export { LanguageIdentifier, type LanguageIdentifierOptions, type LanguageScore } from './language-identifier.ts';
export { languageFilter, type LanguageFilterOptions } from './language-filter.ts';
export { gopherRepetition, type GopherRepetitionOptions, type NGramLimit } from './gopher-repetition.ts';
export { gopherQuality, type GopherQualityOptions } from './gopher-quality.ts';
export { c4Quality, type C4QualityOptions } from './c4-quality.ts';
export { finewebQuality, type FineWebQualityOptions } from './fineweb-quality.ts';
export { qualityFilters, runFilters, type FilterReport, type QualityFiltersOptions } from './quality-filters.ts';
export { redactPii, type PiiState, type RedactedText, type RedactPiiOptions } from './redact-pii.ts';
export {
  defaultSegmenter,
  spacySegmenter,
  treebankSegmenter,
  whitespaceSegmenter,
  type Segmenter,
} from './segmenter.ts';
export { PUNCTUATION, TERMINAL_PUNCTUATION } from './punctuation.ts';

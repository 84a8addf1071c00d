import type { FineWeb2Config } from './fineweb2-config.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition, type NGramLimit } from './gopher-repetition.ts';
import type { LanguageIdentifier } from './language-identifier.ts';
import type { Segmenter } from './segmenter.ts';
import { drop, textOf, type QualityFilter } from './verdict.ts';

/** What {@link fineweb2Filters} needs besides the settings of the language. */
export interface FineWeb2FiltersOptions {
  config: FineWeb2Config;
  /** How the language falls into words: `segmenterFor(language)`. */
  segmenter: Segmenter;
  /** With a model and its label for the language, texts below `languageScore` are dropped first. Default: no language filter. */
  language?: { identifier: LanguageIdentifier; label: string };
}

/**
 * FineWeb2's filters of one language in their order: language score, Gopher repetition (lines and n-grams only), FineWeb's rules
 * (no rule on short lines, a tenth of repeated characters allowed), Gopher quality with the language's stop words. C4's rules
 * are left out, as they hurt languages other than English.
 *
 * Source: Penedo et al. 2025, "FineWeb2: one pipeline to scale them all", and its published pipeline. A limit of 0 turns a rule
 * off there, and so it does here.
 *
 * @throws QualityError `INVALID_OPTION`
 */
export function fineweb2Filters({ config, segmenter, language }: FineWeb2FiltersOptions): QualityFilter[] {
  const filters = [
    gopherRepetition({
      segmenter,
      duplicateParagraphs: Infinity,
      duplicateParagraphCharacters: Infinity,
      duplicateLines: config.duplicateLines || Infinity,
      duplicateLineCharacters: Infinity,
      topNGrams: config.topNGrams as NGramLimit[],
      duplicateNGrams: config.duplicateNGrams as NGramLimit[],
    }),
    finewebQuality({
      segmenter,
      minimumPunctuatedLines: config.minimumPunctuatedLines,
      maximumShortLines: 999,
      maximumDuplicateCharacters: 0.1,
      maximumNewlinesPerWord: config.maximumNewlinesPerWord,
    }),
    gopherQuality({
      segmenter,
      minimumMeanWordLength: config.minimumMeanWordLength,
      maximumMeanWordLength: config.maximumMeanWordLength || Infinity,
      minimumAlphabeticWords: config.minimumAlphabeticWords,
      stopWords: config.stopWords,
    }),
  ];
  return language
    ? [languageScoreFilter(language.identifier, language.label, config.languageScore), ...filters]
    : filters;
}

/** Keeps a text whose best language is `label` with at least the language's own score. */
function languageScoreFilter(identifier: LanguageIdentifier, label: string, minimum: number): QualityFilter {
  return {
    name: 'language',
    check(input) {
      const { language, score } = identifier.identify(textOf(input));
      const metadata = { language, language_score: score };
      if (language !== label) return { ...drop('language', language, label), metadata };
      return score >= minimum ? { keep: true, metadata } : { ...drop('language_score', score, minimum), metadata };
    },
  };
}

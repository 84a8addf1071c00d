import type { LanguageIdentifier } from './language-identifier.ts';
import { checkPreset, type Preset } from './preset.ts';
import { QualityError } from './quality-error.ts';
import { drop, textOf, type QualityFilter } from './verdict.ts';

/** What {@link languageFilter} keeps. */
export interface LanguageFilterOptions {
  identifier: LanguageIdentifier;
  /** Labels of the model (`'en'`), or `'all'` for any language that is recognised with enough confidence. */
  languages: string | readonly string[];
  /** A text is kept when its score is strictly above this. Default 0.65. */
  threshold?: number;
  preset?: Preset;
}

/**
 * Keeps texts that are surely in one of the languages. Every result carries `metadata` with `language` and
 * `language_score`, dropped or not. Reasons: `language` (another one), `language_score` (the right one, but score ≤ threshold).
 *
 * Source: datatrove's `LanguageFilter`, except that the languages must be said: leaving them out once let every
 * language through unnoticed. At head a text passes when any listed language scores above the threshold.
 *
 * @throws QualityError `INVALID_OPTION` when no language is given or the threshold is not in [0, 1]
 */
export function languageFilter(options: LanguageFilterOptions): QualityFilter {
  const { identifier, threshold = 0.65, preset = 'fineweb-head' } = options;
  const languages = checkLanguages(options.languages);
  checkPreset(preset);
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new QualityError('INVALID_OPTION', `threshold: expected a number in [0, 1], got ${threshold}`);
  }
  // Probabilities sum to one, so only below one half can a language that is not the best one pass.
  const candidates = preset === 'fineweb-head' && languages !== 'all' && threshold < 0.5 ? 176 : 1;
  return {
    name: 'language',
    check(input) {
      const ranked = identifier.rank(textOf(input), candidates, preset);
      const [best] = ranked;
      const metadata = { language: best.language, language_score: best.score };
      const listed = languages === 'all' ? ranked : ranked.filter(({ language }) => languages.has(language));
      if (listed.some(({ score }) => score > threshold)) return { keep: true, metadata };
      if (languages !== 'all' && !languages.has(best.language)) {
        return { ...drop('language', best.language, [...languages].join(', ')), metadata };
      }
      return { ...drop('language_score', best.score, threshold), metadata };
    },
  };
}

function checkLanguages(languages: string | readonly string[]): ReadonlySet<string> | 'all' {
  if (languages === 'all') return 'all';
  const list = typeof languages === 'string' ? [languages] : languages;
  if (Array.isArray(list) && list.length > 0 && list.every((label) => typeof label === 'string' && label !== '')) {
    return new Set(list);
  }
  throw new QualityError(
    'INVALID_OPTION',
    `languages: expected labels such as "en", or "all" to keep every language, got ${JSON.stringify(languages)}`,
  );
}

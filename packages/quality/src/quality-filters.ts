import { c4Quality } from './c4-quality.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition } from './gopher-repetition.ts';
import { languageFilter } from './language-filter.ts';
import { LanguageIdentifier } from './language-identifier.ts';
import { checkPreset, type Preset } from './preset.ts';
import { defaultSegmenter, type Segmenter } from './segmenter.ts';
import { textOf, type QualityFilter, type TextInput } from './verdict.ts';

/** What {@link qualityFilters} needs to know. */
export interface QualityFiltersOptions {
  /** Labels of the languages to keep, or `'all'`. */
  languages: string | readonly string[];
  /** Default 0.65. */
  languageThreshold?: number;
  /** Default: the identifier with the model that is carried along. */
  identifier?: LanguageIdentifier;
  /** Default: the preset's own. */
  segmenter?: Segmenter;
}

/**
 * The filters of a preset in FineWeb's order: language, Gopher repetition, Gopher quality, C4, FineWeb.
 *
 * @throws QualityError `INVALID_OPTION` for an unknown preset or when no language is given
 */
export async function qualityFilters(preset: Preset, options: QualityFiltersOptions): Promise<QualityFilter[]> {
  checkPreset(preset);
  const { languages, languageThreshold: threshold, segmenter = defaultSegmenter(preset) } = options;
  const identifier = options.identifier ?? (await LanguageIdentifier.load());
  return [
    languageFilter({ identifier, languages, threshold, preset }),
    gopherRepetition({ preset, segmenter }),
    gopherQuality({ preset, segmenter }),
    c4Quality({ preset, segmenter }),
    finewebQuality({ preset, segmenter }),
  ];
}

/** What a row of filters made of one document. `text` and `metadata` are as of the last filter that ran. */
export type FilterReport = { text: string; metadata: Record<string, unknown> } & (
  | { keep: true }
  | { keep: false; filter: string; reason: string; value?: number | string; limit?: number | string }
);

/** Runs filters in order until one drops the document; each reads what the one before it rewrote. */
export function runFilters(filters: readonly QualityFilter[], input: TextInput): FilterReport {
  let text = textOf(input);
  const metadata: Record<string, unknown> = {};
  for (const filter of filters) {
    const result = filter.check(text);
    Object.assign(metadata, result.metadata);
    if (!result.keep) {
      const { reason, value, limit } = result;
      return { keep: false, filter: filter.name, reason, value, limit, text, metadata };
    }
    text = result.text ?? text;
  }
  return { keep: true, text, metadata };
}

import { withDefaults } from './options.ts';
import { codePointLength } from './python-text.ts';
import { drop, KEEP, textOf, type QualityFilter } from './verdict.ts';

/** Limits of {@link c4Paragraphs}. */
export interface C4ParagraphsOptions {
  /** Lines that must be long. Default 3. */
  minimumParagraphs?: number;
  /** Characters (code points) that make a line long. Default 200. */
  minimumParagraphLength?: number;
}

const DEFAULTS = { minimumParagraphs: 3, minimumParagraphLength: 200 };

/**
 * Keeps texts with at least three long lines; not part of FineWeb. Reason: `paragraphs`.
 *
 * Source: mC4 (Xue et al. 2021) as in datatrove's `C4ParagraphFilter`, which words its reason `< 3 paragraphs`.
 *
 * @throws QualityError `INVALID_OPTION`
 */
export function c4Paragraphs(options: C4ParagraphsOptions = {}): QualityFilter {
  const { minimumParagraphs, minimumParagraphLength } = withDefaults(DEFAULTS, options);
  return {
    name: 'c4-paragraphs',
    check(input) {
      const lines = textOf(input).split('\n');
      const long = lines.filter((line) => codePointLength(line) >= minimumParagraphLength).length;
      return long < minimumParagraphs ? drop('paragraphs', long, minimumParagraphs) : KEEP;
    },
  };
}

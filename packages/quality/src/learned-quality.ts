import { integerScore, type QualityClassifier } from './quality-classifier.ts';
import { QualityError } from './quality-error.ts';
import { drop, textOf, type QualityFilter } from './verdict.ts';

/** What {@link learnedQuality} keeps. */
export interface LearnedQualityOptions {
  classifier: QualityClassifier;
  /** The least score that is kept: 3 in FineWeb-Edu (scores 0–5), 0.018112 in DCLM (probability of `hq`). */
  minimumScore: number;
  /** Key of the score in the metadata. Default `quality_score`. */
  metadataKey?: string;
  /** Compare the rounded score, as FineWeb-Edu does: 2.6 passes 3. It goes to the metadata as `int_score`. Default false. */
  rounded?: boolean;
}

/**
 * Keeps texts that a trained classifier scores at least `minimumScore`; the score goes to the metadata of every text.
 * Reason: `quality_score`.
 *
 * @throws QualityError `INVALID_OPTION` when the threshold is no number
 */
export function learnedQuality(options: LearnedQualityOptions): QualityFilter {
  const { classifier, minimumScore, metadataKey = 'quality_score', rounded = false } = options;
  if (!Number.isFinite(minimumScore)) {
    throw new QualityError('INVALID_OPTION', `minimumScore: expected a number, got ${String(minimumScore)}`);
  }
  return {
    name: 'learned-quality',
    check(input) {
      const score = classifier.score(textOf(input));
      const integer = integerScore(score, classifier.range);
      const metadata = { [metadataKey]: score, ...(rounded && { int_score: integer }) };
      if ((rounded ? integer : score) >= minimumScore) return { keep: true, metadata };
      return { ...drop('quality_score', score, minimumScore), metadata };
    },
  };
}

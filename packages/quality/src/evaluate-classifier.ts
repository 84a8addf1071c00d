import { integerScore, type LabelledText, type QualityClassifier, type ScoredText } from './quality-classifier.ts';
import { QualityError } from './quality-error.ts';
import {
  bestThreshold,
  binaryMetrics,
  calibration,
  confusion,
  meanAbsoluteError,
  rootMeanSquaredError,
  type BinaryMetrics,
  type Calibration,
  type Confusion,
  type ScoredPair,
} from './quality-metrics.ts';

/** What {@link evaluateClassifier} found. */
export interface EvaluationReport {
  readonly examples: number;
  /** At the asked-for threshold. */
  readonly binary: BinaryMetrics;
  /** At the threshold with the best F1 on these examples (optimistic: it was chosen on them). */
  readonly best: BinaryMetrics;
  readonly calibration: Calibration;
  /** Classes against predicted classes; rounded scores for a regressor. */
  readonly confusion: Confusion;
  /** Of scores (a regressor only). */
  readonly meanAbsoluteError?: number;
  readonly rootMeanSquaredError?: number;
}

/**
 * Measures a classifier on examples that it was not trained on.
 *
 * @param threshold the least score that counts as good. Default 3 for a regressor (FineWeb-Edu), 0.5 for classes
 * @throws QualityError `INVALID_INPUT` without examples, or when their kind is not the classifier's
 */
export function evaluateClassifier(
  classifier: QualityClassifier,
  examples: Iterable<LabelledText | ScoredText>,
  { threshold = classifier.kind === 'score' ? 3 : 0.5 }: { threshold?: number } = {},
): EvaluationReport {
  const list = [...examples];
  if (list.length === 0) throw new QualityError('INVALID_INPUT', 'examples: expected at least one, got none');
  return classifier.kind === 'score'
    ? evaluateScorer(classifier, list, threshold)
    : evaluateClasses(classifier, list, threshold);
}

function evaluateScorer(
  classifier: QualityClassifier,
  examples: readonly (LabelledText | ScoredText)[],
  threshold: number,
): EvaluationReport {
  const pairs = examples.map((example, index): ScoredPair => {
    if ('score' in example) return { score: classifier.score(example.text), truth: example.score };
    throw wrongKind(index, 'score');
  });
  return evaluateScores(classifier.range, pairs, threshold);
}

/** Measures scores of any regressor. */
export function evaluateScores(
  range: readonly [worst: number, best: number],
  pairs: readonly ScoredPair[],
  threshold: number,
): EvaluationReport {
  const [worst, best] = range;
  const labels = Array.from({ length: Math.floor(best - worst) + 1 }, (_, step) => String(worst + step));
  const rounded = pairs.map(({ score, truth }) => ({
    predicted: String(integerScore(score, range)),
    truth: String(integerScore(truth, range)),
  }));
  // FineWeb-Edu rounds before it compares, so that a score of 2.6 counts as 3.
  const integers = rounded.map(({ predicted, truth }) => ({ score: Number(predicted), truth: Number(truth) }));
  return {
    examples: pairs.length,
    binary: binaryMetrics(integers, threshold),
    best: bestThreshold(pairs, threshold)!,
    calibration: calibration(pairs, range),
    confusion: confusion(rounded, labels),
    meanAbsoluteError: meanAbsoluteError(pairs),
    rootMeanSquaredError: rootMeanSquaredError(pairs),
  };
}

function evaluateClasses(
  classifier: QualityClassifier,
  examples: readonly (LabelledText | ScoredText)[],
  threshold: number,
): EvaluationReport {
  const rows = examples.map((example, index) => {
    if (!('label' in example)) throw wrongKind(index, 'label');
    const predictions = classifier.predict(example.text);
    const { probability } = predictions.find(({ label }) => label === classifier.positiveLabel)!;
    return { truth: example.label, predicted: predictions[0].label, score: probability };
  });
  const pairs = rows.map(({ truth, score }) => ({ score, truth: truth === classifier.positiveLabel ? 1 : 0 }));
  const labels = [...new Set([...classifier.labels, ...rows.map(({ truth }) => truth)])];
  return {
    examples: rows.length,
    binary: binaryMetrics(pairs, threshold, 1),
    best: bestThreshold(pairs, 1)!,
    calibration: calibration(pairs, [0, 1]),
    confusion: confusion(rows, labels),
  };
}

function wrongKind(index: number, wanted: string): QualityError {
  return new QualityError(
    'INVALID_INPUT',
    `example ${index + 1}: expected a ${wanted}, as the classifier was trained with, got none`,
  );
}

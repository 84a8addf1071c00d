/** A prediction beside the truth, both on the same scale. */
export interface ScoredPair {
  readonly score: number;
  readonly truth: number;
}

/** How well "score ≥ threshold" says "truth ≥ threshold". Shares of nothing are 0. */
export interface BinaryMetrics {
  readonly threshold: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly accuracy: number;
}

/** Predictions between two scores: how many, what they said on average, and what was true on average. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly meanScore: number;
  readonly meanTruth: number;
}

/** Whether scores mean what they say. */
export interface Calibration {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error: |meanScore − meanTruth| averaged over the predictions. */
  readonly error: number;
}

/** Counts of (true, predicted) classes: `counts[row of truth][column of prediction]`. */
export interface Confusion {
  readonly labels: readonly string[];
  readonly counts: readonly (readonly number[])[];
  /** Unweighted mean of the classes' F1, over classes that are true or predicted at least once. */
  readonly macroF1: number;
  readonly accuracy: number;
}

/**
 * Precision, recall, F1 and accuracy of a threshold on the score.
 *
 * @param truthThreshold what counts as truly good, where truth is on another scale than the score (1 for 0/1 labels)
 */
export function binaryMetrics(
  pairs: readonly ScoredPair[],
  threshold: number,
  truthThreshold: number = threshold,
): BinaryMetrics {
  const counts = { truePositives: 0, falsePositives: 0, trueNegatives: 0, falseNegatives: 0 };
  for (const { score, truth } of pairs) {
    const isGood = truth >= truthThreshold;
    if (score >= threshold) counts[isGood ? 'truePositives' : 'falsePositives']++;
    else counts[isGood ? 'falseNegatives' : 'trueNegatives']++;
  }
  const { truePositives, falsePositives, trueNegatives, falseNegatives } = counts;
  return {
    threshold,
    ...counts,
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, truePositives + falseNegatives),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
    accuracy: ratio(truePositives + trueNegatives, pairs.length),
  };
}

/** The threshold among the scores with the best F1 (the lowest of equals); undefined without predictions. */
export function bestThreshold(pairs: readonly ScoredPair[], truthThreshold: number): BinaryMetrics | undefined {
  const sorted = pairs.toSorted((a, b) => b.score - a.score);
  const positives = pairs.filter(({ truth }) => truth >= truthThreshold).length;
  let best: { threshold: number; f1: number } | undefined;
  let found = 0;
  for (const [index, { score, truth }] of sorted.entries()) {
    if (truth >= truthThreshold) found++;
    if (index + 1 < sorted.length && sorted[index + 1].score === score) continue;
    const f1 = ratio(2 * found, index + 1 + positives);
    if (!best || f1 >= best.f1) best = { threshold: score, f1 };
  }
  return best && binaryMetrics(pairs, best.threshold, truthThreshold);
}

/** Reliability in `count` equal bins of the range [worst, best]; bins without predictions are left out. */
export function calibration(
  pairs: readonly ScoredPair[],
  [worst, best]: readonly [number, number],
  count = 10,
): Calibration {
  const width = (best - worst) / count;
  const members: ScoredPair[][] = Array.from({ length: count }, () => []);
  for (const pair of pairs) {
    members[Math.min(count - 1, Math.max(0, Math.floor((pair.score - worst) / width)))].push(pair);
  }
  const bins = members.flatMap((list, index) =>
    list.length === 0
      ? []
      : [
          {
            from: worst + index * width,
            to: worst + (index + 1) * width,
            count: list.length,
            meanScore: mean(list.map(({ score }) => score)),
            meanTruth: mean(list.map(({ truth }) => truth)),
          },
        ],
  );
  const gaps = bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.meanScore - bin.meanTruth), 0);
  return { bins, error: ratio(gaps, pairs.length) };
}

/** Mean of |score − truth|. */
export function meanAbsoluteError(pairs: readonly ScoredPair[]): number {
  return mean(pairs.map(({ score, truth }) => Math.abs(score - truth)));
}

/** √ mean of (score − truth)². */
export function rootMeanSquaredError(pairs: readonly ScoredPair[]): number {
  return Math.sqrt(mean(pairs.map(({ score, truth }) => (score - truth) ** 2)));
}

/** Who is taken for whom. Labels appear in the given order. */
export function confusion(
  pairs: readonly { truth: string; predicted: string }[],
  labels: readonly string[],
): Confusion {
  const index = new Map(labels.map((label, position) => [label, position]));
  const counts = labels.map(() => labels.map(() => 0));
  for (const { truth, predicted } of pairs) counts[index.get(truth)!][index.get(predicted)!]++;
  const perClass = labels.flatMap((_, label) => {
    const truths = counts[label].reduce((sum, count) => sum + count, 0);
    const predictions = counts.reduce((sum, row) => sum + row[label], 0);
    return truths + predictions === 0 ? [] : [(2 * counts[label][label]) / (truths + predictions)];
  });
  const right = labels.reduce((sum, _, label) => sum + counts[label][label], 0);
  return { labels, counts, macroF1: mean(perClass), accuracy: ratio(right, pairs.length) };
}

function mean(values: readonly number[]): number {
  return ratio(
    values.reduce((sum, value) => sum + value, 0),
    values.length,
  );
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

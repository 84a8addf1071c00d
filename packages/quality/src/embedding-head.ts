import { solveRidge } from './solve-ridge.ts';

/** What is on top of frozen embeddings: a line through them, or one that ends in a sigmoid. */
export type EmbeddingHeadKind = 'ridge' | 'logistic';

/** One output over standardised features. */
export interface EmbeddingHead {
  readonly kind: EmbeddingHeadKind;
  /** Subtracted from the features, and what they are divided by. */
  readonly mean: readonly number[];
  readonly scale: readonly number[];
  readonly weights: readonly number[];
  readonly bias: number;
}

const MAXIMUM_STEPS = 50;
const SMALLEST_CHANGE = 1e-8;

/**
 * Fits a head to targets from 0 to 1: ridge regression in closed form, or logistic regression by Newton's method (iteratively reweighted
 * least squares), whose targets may be shares.
 */
export function fitHead(
  kind: EmbeddingHeadKind,
  embeddings: readonly Float32Array[],
  targets: readonly number[],
  penalty: number,
): EmbeddingHead {
  const width = embeddings[0].length;
  const mean = Array.from({ length: width }, (_, at) => average(embeddings, (row) => row[at]));
  const scale = mean.map((center, at) => Math.sqrt(average(embeddings, (row) => (row[at] - center) ** 2)) || 1);
  const rows = embeddings.map((row) =>
    Float64Array.from({ length: width + 1 }, (_, at) => (at === width ? 1 : (row[at] - mean[at]) / scale[at])),
  );
  const solution = kind === 'ridge' ? solveRidge(rows, targets, penalty) : fitLogistic(rows, targets, penalty);
  return { kind, mean, scale, weights: [...solution.subarray(0, width)], bias: solution[width] };
}

function average(rows: readonly Float32Array[], value: (row: Float32Array) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
}

function fitLogistic(rows: readonly Float64Array[], targets: readonly number[], penalty: number): Float64Array {
  let weights = new Float64Array(rows[0].length);
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    const logits = rows.map((row) => dot(row, weights));
    const shares = logits.map((logit) => Math.max(1e-6, sigmoid(logit) * (1 - sigmoid(logit))));
    const working = logits.map((logit, index) => logit + (targets[index] - sigmoid(logit)) / shares[index]);
    const next = solveRidge(rows, working, penalty, shares);
    const change = next.reduce((most, weight, at) => Math.max(most, Math.abs(weight - weights[at])), 0);
    weights = Float64Array.from(next);
    if (change < SMALLEST_CHANGE) break;
  }
  return weights;
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at] * b[at];
  return sum;
}

const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit));

/** What a head makes of an embedding, from 0 to 1. */
export function applyHead({ kind, mean, scale, weights, bias }: EmbeddingHead, embedding: Float32Array): number {
  let sum = bias;
  for (let at = 0; at < weights.length; at++) sum += (weights[at] * (embedding[at] - mean[at])) / scale[at];
  return kind === 'logistic' ? sigmoid(sum) : Math.min(1, Math.max(0, sum));
}

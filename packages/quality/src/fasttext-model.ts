import { LABEL_PREFIX, hashWord, ngramBuckets, sampleWords } from './fasttext-features.ts';

/** How scores become probabilities: all labels against each other, a tree of choices, or each label by itself. */
export type FastTextLoss = 'softmax' | 'hierarchical' | 'independent';

/** An entry of the dictionary with how often it was seen. */
export interface DictionaryEntry {
  readonly text: string;
  readonly count: number;
}

/** A fastText classifier in memory. Matrices are row-major. */
export interface FastTextModel {
  readonly dimension: number;
  readonly loss: FastTextLoss;
  readonly wordNgrams: number;
  readonly buckets: number;
  readonly words: readonly DictionaryEntry[];
  /** Without their prefix; most frequent first. */
  readonly labels: readonly DictionaryEntry[];
  /** [words + buckets, dimension] */
  readonly input: Float32Array;
  /** [labels, dimension]; under `hierarchical` row i is the inner node i of the tree. */
  readonly output: Float32Array;
}

/** A label and how probable it is. */
export interface LabelProbability {
  readonly label: string;
  readonly probability: number;
}

/** One step from a label's leaf towards the root: which inner node, and whether the leaf lies on its right. */
export interface TreeStep {
  readonly node: number;
  readonly right: boolean;
}

/**
 * Steps from leaf to root for every label in the Huffman tree of the label counts (most frequent first), built as
 * fastText builds it: two queues, equal counts from the leaves' side last.
 */
export function huffmanPaths(counts: readonly number[]): TreeStep[][] {
  const leaves = counts.length;
  const weight = [...counts, ...Array.from({ length: Math.max(0, leaves - 1) }, () => 1e15)];
  const parent = new Int32Array(weight.length).fill(-1);
  const isRight = new Uint8Array(weight.length);
  let leaf = leaves - 1;
  let inner = leaves;
  for (let next = leaves; next < weight.length; next++) {
    const [left, right] = [0, 1].map(() => (leaf >= 0 && weight[leaf] < weight[inner] ? leaf-- : inner++));
    weight[next] = weight[left] + weight[right];
    parent[left] = parent[right] = next;
    isRight[right] = 1;
  }
  return counts.map((_, label) => {
    const steps: TreeStep[] = [];
    for (let at = label; parent[at] >= 0; at = parent[at]) {
      steps.push({ node: parent[at] - leaves, right: isRight[at] === 1 });
    }
    return steps;
  });
}

/** Reads texts into feature rows and feature rows into probabilities. */
export class FastTextPredictor {
  readonly model: FastTextModel;
  readonly #ids: ReadonlyMap<string, number>;
  readonly #paths: readonly TreeStep[][];
  readonly #hidden: Float32Array;

  constructor(model: FastTextModel) {
    this.model = model;
    this.#ids = new Map(model.words.map(({ text }, index) => [text, index]));
    this.#paths = model.loss === 'hierarchical' ? huffmanPaths(model.labels.map(({ count }) => count)) : [];
    this.#hidden = new Float32Array(model.dimension);
  }

  /** Rows of the input matrix that a text switches on. */
  features(text: string): number[] {
    const { buckets, wordNgrams, words } = this.model;
    const sample = sampleWords(text);
    const rows: number[] = [];
    for (const word of sample) {
      const id = this.#ids.get(word);
      if (id !== undefined) rows.push(id);
    }
    if (wordNgrams < 2 || buckets === 0) return rows;
    for (const bucket of ngramBuckets(sample.map(hashWord), wordNgrams, buckets)) rows.push(words.length + bucket);
    return rows;
  }

  /** The mean of the given rows; the array is reused by the next call. */
  hidden(rows: readonly number[]): Float32Array {
    const { input, dimension } = this.model;
    const hidden = this.#hidden.fill(0);
    for (const row of rows) {
      const start = row * dimension;
      for (let index = 0; index < dimension; index++) hidden[index] += input[start + index];
    }
    if (rows.length > 0) for (let index = 0; index < dimension; index++) hidden[index] /= rows.length;
    return hidden;
  }

  /** Probability of every label, in the order of `model.labels`; all 0 for a text without any known feature. */
  probabilities(text: string): Float64Array {
    const rows = this.features(text);
    const result = new Float64Array(this.model.labels.length);
    if (rows.length === 0) return result;
    const hidden = this.hidden(rows);
    if (this.model.loss === 'hierarchical') return this.#walkTree(hidden, result);
    for (let label = 0; label < result.length; label++) result[label] = this.#dot(label, hidden);
    return this.model.loss === 'softmax' ? softmax(result) : result.map(sigmoid);
  }

  /** Labels by probability, best first; equal ones in the dictionary's order. */
  predict(text: string): LabelProbability[] {
    const probabilities = this.probabilities(text);
    return this.model.labels
      .map(({ text: label }, index) => ({ label, probability: probabilities[index] }))
      .sort((a, b) => b.probability - a.probability);
  }

  #walkTree(hidden: Float32Array, result: Float64Array): Float64Array {
    const right = Float64Array.from({ length: Math.max(0, result.length - 1) }, (_, node) =>
      sigmoid(this.#dot(node, hidden)),
    );
    return result.map((_, label) =>
      this.#paths[label].reduce((product, step) => product * (step.right ? right[step.node] : 1 - right[step.node]), 1),
    );
  }

  #dot(row: number, hidden: Float32Array): number {
    const { output, dimension } = this.model;
    let sum = 0;
    for (let index = 0; index < dimension; index++) sum += output[row * dimension + index] * hidden[index];
    return sum;
  }
}

/** 1 / (1 + e^−x) */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** e^xᵢ / Σ e^xⱼ in place, shifted by the largest so that nothing overflows. */
export function softmax(scores: Float64Array): Float64Array {
  const largest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
  let total = 0;
  for (let index = 0; index < scores.length; index++) total += scores[index] = Math.exp(scores[index] - largest);
  for (let index = 0; index < scores.length; index++) scores[index] /= total;
  return scores;
}

/** A label as the dictionary of a file has it. */
export function withPrefix(label: string): string {
  return label.startsWith(LABEL_PREFIX) ? label : LABEL_PREFIX + label;
}

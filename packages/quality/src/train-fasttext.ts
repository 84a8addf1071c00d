import { RandomStream } from '@smol/random';
import { hashWord, ngramBuckets, sampleWords } from './fasttext-features.ts';
import {
  huffmanPaths,
  sigmoid,
  softmax,
  type DictionaryEntry,
  type FastTextLoss,
  type FastTextModel,
  type TreeStep,
} from './fasttext-model.ts';

/** A text and the probability that each label should get; only labels above zero are listed. */
export interface Target {
  readonly text: string;
  readonly label: string;
  /** Default 1; less is a soft target of the `independent` loss. */
  readonly weight?: number;
}

/** What training needs to know, fully resolved. */
export interface TrainingSettings {
  readonly dimension: number;
  readonly wordNgrams: number;
  readonly buckets: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly minimumCount: number;
  readonly loss: FastTextLoss;
  readonly seed: number;
}

/**
 * Trains by stochastic gradient descent on one thread, as fastText's supervised mode does (learning rate falling linearly to
 * zero, gradient of the hidden layer divided by the number of features), with two differences: the order of the samples is
 * shuffled anew in every epoch, and every random number comes from (seed, purpose, index), so that runs repeat bit for bit.
 */
export function trainFastText(targets: readonly Target[], settings: TrainingSettings): FastTextModel {
  const samples = targets.map(({ text }) => sampleWords(text));
  const words = countWords(samples, settings.minimumCount);
  const labels = countLabels(targets);
  const model = emptyModel(words, labels, settings);
  const features = collectFeatures(samples, model);
  const labelIds = new Map(labels.map(({ text }, index) => [text, index]));
  const descent = new Descent(model);
  for (let epoch = 0, step = 0; epoch < settings.epochs; epoch++) {
    const order = new RandomStream(settings.seed, `fasttext epoch ${epoch}`);
    for (let index = 0; index < targets.length; index++, step++) {
      const sample = order.permute(index, targets.length);
      const rate = settings.learningRate * (1 - step / (settings.epochs * targets.length));
      descent.step(features[sample], labelIds.get(targets[sample].label)!, targets[sample].weight ?? 1, rate);
    }
  }
  return model;
}

function tally(values: Iterable<string>): DictionaryEntry[] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  // Sorting is stable: equal counts stay in the order of first appearance.
  return Array.from(counts, ([text, count]) => ({ text, count })).sort((a, b) => b.count - a.count);
}

function countWords(samples: readonly (readonly string[])[], minimumCount: number): DictionaryEntry[] {
  return tally(
    (function* () {
      for (const sample of samples) yield* sample;
    })(),
  ).filter(({ count }) => count >= minimumCount);
}

function countLabels(targets: readonly Target[]): DictionaryEntry[] {
  return tally(targets.map(({ label }) => label));
}

/** Input rows uniform in ±1/dimension, output rows zero. */
function emptyModel(words: DictionaryEntry[], labels: DictionaryEntry[], settings: TrainingSettings): FastTextModel {
  const { dimension, wordNgrams, loss, seed } = settings;
  const buckets = wordNgrams > 1 ? settings.buckets : 0;
  const random = new RandomStream(seed, 'fasttext input');
  const input = new Float32Array((words.length + buckets) * dimension);
  for (let index = 0; index < input.length; index++) input[index] = (2 * random.uniform(index) - 1) / dimension;
  const output = new Float32Array(labels.length * dimension);
  return { dimension, loss, wordNgrams, buckets, words, labels, input, output };
}

function collectFeatures(samples: readonly (readonly string[])[], model: FastTextModel): Int32Array[] {
  const ids = new Map(model.words.map(({ text }, index) => [text, index]));
  return samples.map((sample) => {
    const known = sample.map((word) => ids.get(word)).filter((id) => id !== undefined);
    if (model.buckets === 0) return Int32Array.from(known);
    const ngrams = ngramBuckets(sample.map(hashWord), model.wordNgrams, model.buckets);
    return Int32Array.from([...known, ...ngrams.map((bucket) => model.words.length + bucket)]);
  });
}

/** Gradient steps on one model; holds the scratch arrays. */
class Descent {
  readonly #model: FastTextModel;
  readonly #paths: readonly TreeStep[][];
  readonly #hidden: Float32Array;
  readonly #gradient: Float32Array;

  constructor(model: FastTextModel) {
    this.#model = model;
    this.#paths = model.loss === 'hierarchical' ? huffmanPaths(model.labels.map(({ count }) => count)) : [];
    this.#hidden = new Float32Array(model.dimension);
    this.#gradient = new Float32Array(model.dimension);
  }

  /** Moves the model a little towards giving `label` to a sample with these features. */
  step(features: Int32Array, label: number, weight: number, rate: number): void {
    if (features.length === 0) return;
    this.#average(features);
    this.#gradient.fill(0);
    if (this.#model.loss === 'hierarchical') {
      for (const { node, right } of this.#paths[label]) this.#logistic(node, right ? 1 : 0, rate);
    } else if (this.#model.loss === 'softmax') this.#softmaxStep(label, rate);
    else
      for (let row = 0; row < this.#model.labels.length; row++) this.#logistic(row, row === label ? weight : 0, rate);
    this.#spread(features);
  }

  #average(features: Int32Array): void {
    const { input, dimension } = this.#model;
    this.#hidden.fill(0);
    for (const row of features) {
      for (let index = 0; index < dimension; index++) this.#hidden[index] += input[row * dimension + index];
    }
    for (let index = 0; index < dimension; index++) this.#hidden[index] /= features.length;
  }

  #softmaxStep(label: number, rate: number): void {
    const scores = Float64Array.from(this.#model.labels, (_, row) => this.#dot(row));
    softmax(scores).forEach((probability, row) => this.#move(row, rate * ((row === label ? 1 : 0) - probability)));
  }

  #logistic(row: number, target: number, rate: number): void {
    this.#move(row, rate * (target - sigmoid(this.#dot(row))));
  }

  #dot(row: number): number {
    const { output, dimension } = this.#model;
    let sum = 0;
    for (let index = 0; index < dimension; index++) sum += output[row * dimension + index] * this.#hidden[index];
    return sum;
  }

  #move(row: number, amount: number): void {
    const { output, dimension } = this.#model;
    for (let index = 0; index < dimension; index++) {
      this.#gradient[index] += amount * output[row * dimension + index];
      output[row * dimension + index] += amount * this.#hidden[index];
    }
  }

  #spread(features: Int32Array): void {
    const { input, dimension } = this.#model;
    for (const row of features) {
      for (let index = 0; index < dimension; index++) {
        input[row * dimension + index] += this.#gradient[index] / features.length;
      }
    }
  }
}

import { withDefaults } from './options.ts';
import { readFastTextFile, writeFastTextFile } from './fasttext-file.ts';
import { FastTextPredictor, type FastTextModel, type LabelProbability } from './fasttext-model.ts';
import { QualityError } from './quality-error.ts';
import { trainFastText, type Target } from './train-fasttext.ts';

/** A text of a known class. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

/** A text with a score, 0 (bad) to 5 (good) unless said otherwise. */
export interface ScoredText {
  readonly text: string;
  readonly score: number;
}

/** How a classifier is trained. */
export interface TrainingOptions {
  /** Width of the text vector. Default 16. */
  dimension?: number;
  /** Longest word n-gram. Default 2. */
  wordNgrams?: number;
  /** Rows that n-grams are hashed to. Default 2^18 = 262 144. */
  buckets?: number;
  /** Passes over the examples. Default 5. */
  epochs?: number;
  /** Falls linearly to zero. Default 0.1 for classes, 0.5 for scores. */
  learningRate?: number;
  /** Words seen less often are left out of the dictionary. Default 1. */
  minimumCount?: number;
  /** `softmax`, or `hierarchical` (a Huffman tree over the labels, for many labels). Default `softmax`; scores have their own. */
  loss?: 'softmax' | 'hierarchical';
  /** Default 0. */
  seed?: number;
  /** The label that {@link QualityClassifier.score} gives the probability of. Default: `hq` where there is one, else the most frequent. */
  positiveLabel?: string;
  /** Scores of the worst and the best text. Default 0 and 5. */
  range?: readonly [worst: number, best: number];
}

/** The settings of DCLM's quality model: fastText's defaults with word bigrams (Li et al. 2024, appendix). About 800 MB. */
export const DCLM_TRAINING = {
  dimension: 100,
  wordNgrams: 2,
  buckets: 2_000_000,
  epochs: 5,
  learningRate: 0.1,
  positiveLabel: 'hq',
} as const satisfies TrainingOptions;

/** DCLM keeps a text when the probability of `hq` is at least this: about its best tenth. */
export const DCLM_THRESHOLD = 0.018112;

const DEFAULTS = {
  dimension: 16,
  wordNgrams: 2,
  buckets: 2 ** 18,
  epochs: 5,
  learningRate: 0.1,
  minimumCount: 1,
  loss: 'softmax' as 'softmax' | 'hierarchical',
  seed: 0,
};

/** The one label of a model that gives scores says so, with the range: fastText's files have no other place for it. */
const SCORE_LABEL = /^score_(-?[\d.]+)_(-?[\d.]+)$/;

/**
 * Learned quality: hashed word n-grams into one small layer (Joulin et al. 2016), as a DCLM-style classifier of labelled
 * texts or as a FineWeb-Edu-style regressor of 0–5 scores. Files are fastText's own, so either side can run the other's.
 *
 * The regressor is one output with p = σ(w·h), trained by cross-entropy towards (score − worst) / (best − worst), whose
 * optimum is the mean score of a text, as that of squared error is; its score is worst + p · (best − worst).
 */
export class QualityClassifier {
  /** `classes`: the score is the probability of the positive label; `score`: it lies in `range`. */
  readonly kind: 'classes' | 'score';
  readonly positiveLabel: string;
  readonly range: readonly [worst: number, best: number];
  readonly #predictor: FastTextPredictor;

  private constructor(model: FastTextModel, positiveLabel?: string) {
    this.#predictor = new FastTextPredictor(model);
    const scored = model.labels.length === 1 ? SCORE_LABEL.exec(model.labels[0].text) : null;
    this.kind = scored ? 'score' : 'classes';
    this.range = scored ? [Number(scored[1]), Number(scored[2])] : [0, 1];
    this.positiveLabel = positiveLabel ?? defaultPositive(this.labels);
    if (!this.labels.includes(this.positiveLabel)) {
      throw new QualityError(
        'INVALID_OPTION',
        `positiveLabel: expected one of ${this.labels.slice(0, 20).join(', ')}, got "${this.positiveLabel}"`,
      );
    }
  }

  /**
   * Learns from examples: all with a `label`, or all with a `score`. The same examples, options and seed give the same model.
   *
   * @throws QualityError `INVALID_INPUT` without examples, with examples of both kinds or scores out of range; `INVALID_OPTION`
   */
  static train(examples: Iterable<LabelledText | ScoredText>, options: TrainingOptions = {}): QualityClassifier {
    const { positiveLabel, range = [0, 5], ...given } = options;
    const list = [...examples];
    const isScored = list.length > 0 && 'score' in list[0];
    const settings = withDefaults({ ...DEFAULTS, learningRate: isScored ? 0.5 : 0.1 }, given);
    checkSettings(settings);
    const targets = list.map((example, index) => toTarget(example, index, isScored, range));
    if (targets.length === 0) {
      throw new QualityError(
        'INVALID_INPUT',
        'examples: expected at least one {text, label} or {text, score}, got none',
      );
    }
    const model = trainFastText(targets, isScored ? { ...settings, loss: 'independent' } : settings);
    return new QualityClassifier(model, positiveLabel);
  }

  /**
   * Loads what {@link save} or fastText wrote: a supervised `.bin` without subwords, such as DCLM's. A `.ftz` is for `LanguageIdentifier`.
   *
   * @throws QualityError `MODEL_NOT_FOUND`, `MODEL_NOT_LOADED`; `INVALID_OPTION` when the model has no such label
   */
  static load(path: string, { positiveLabel }: { positiveLabel?: string } = {}): QualityClassifier {
    return new QualityClassifier(readFastTextFile(path), positiveLabel);
  }

  /** Writes the model as a fastText `.bin`. @throws QualityError `UNWRITABLE_FILE` */
  save(path: string): void {
    writeFastTextFile(path, this.#predictor.model);
  }

  /** The labels, most frequent in training first. */
  get labels(): string[] {
    return this.#predictor.model.labels.map(({ text }) => text);
  }

  /** Labels with their probabilities, best first. Newlines are read as spaces. */
  predict(text: string): LabelProbability[] {
    return this.#predictor.predict(text);
  }

  /** How good the text is: the positive label's probability, or the score in `range`. The worst for a text without known words. */
  score(text: string): number {
    const [worst, best] = this.range;
    const probability = this.#predictor.probabilities(text)[this.labels.indexOf(this.positiveLabel)];
    return worst + probability * (best - worst);
  }
}

/** FineWeb-Edu's `int_score`: clipped to the range, halves to the even neighbour as Python rounds (2.5 → 2). */
export function integerScore(score: number, [worst, best]: readonly [number, number] = [0, 5]): number {
  const clipped = Math.min(best, Math.max(worst, score));
  const floor = Math.floor(clipped);
  if (clipped - floor !== 0.5) return Math.round(clipped);
  return floor % 2 === 0 ? floor : floor + 1;
}

function defaultPositive(labels: readonly string[]): string {
  return labels.includes('hq') ? 'hq' : labels[0];
}

function toTarget(
  example: LabelledText | ScoredText,
  index: number,
  isScored: boolean,
  [worst, best]: readonly [number, number],
): Target {
  const fail = (message: string) => new QualityError('INVALID_INPUT', `example ${index + 1}: ${message}`);
  if (typeof example?.text !== 'string') throw fail('expected a text, got none');
  if ('score' in example !== isScored) throw fail('expected every example to have a label, or every one a score');
  if (!('score' in example)) {
    if (typeof example.label === 'string' && /^\S+$/.test(example.label)) return example;
    throw fail(`label: expected a word without spaces, got ${JSON.stringify(example.label)}`);
  }
  const { text, score } = example;
  if (!(score >= worst && score <= best))
    throw fail(`score: expected ${worst} to ${best}, got ${JSON.stringify(score)}`);
  return { text, label: `score_${worst}_${best}`, weight: (score - worst) / (best - worst) };
}

function checkSettings(settings: typeof DEFAULTS): void {
  for (const name of ['dimension', 'wordNgrams', 'epochs', 'minimumCount'] as const) {
    checkRange(name, settings[name], 1, 10_000);
  }
  checkRange('buckets', settings.buckets, 1, 2 ** 31 - 1);
  if (!(settings.learningRate > 0))
    throw new QualityError('INVALID_OPTION', `learningRate: expected more than 0, got ${settings.learningRate}`);
  if (settings.loss === 'softmax' || settings.loss === 'hierarchical') return;
  throw new QualityError(
    'INVALID_OPTION',
    `loss: expected "softmax" or "hierarchical", got "${String(settings.loss)}"`,
  );
}

function checkRange(name: string, value: number, minimum: number, maximum: number): void {
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return;
  throw new QualityError('INVALID_OPTION', `${name}: expected an integer from ${minimum} to ${maximum}, got ${value}`);
}

import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '@smol/random';
import { describe, expect, it } from 'vitest';
import { evaluateClassifier } from './evaluate-classifier.ts';
import { learnedQuality } from './learned-quality.ts';
import { integerScore, QualityClassifier, type LabelledText, type ScoredText } from './quality-classifier.ts';

const GOOD = 'light water plants leaf cell energy angle sum number proof history river climate'.split(' ');
const BAD = 'buy cheap click win free prize subscribe offer deal login cookie cart checkout'.split(' ');
const PLAIN = 'the a of and to in is it that was for on with as at by'.split(' ');

/** Texts whose truth is the share of good among telling words, with plain words between. */
function texts(count: number, seed: number): ScoredText[] {
  const random = new RandomStream(seed, 'test texts');
  return Array.from({ length: count }, (_, text) => {
    const score = random.integer(text * 1000, 6);
    const words = Array.from({ length: 60 }, (_, at) => {
      const draw = text * 1000 + 10 + 3 * at;
      const list = random.uniform(draw) < 0.6 ? PLAIN : random.uniform(draw + 1) < score / 5 ? GOOD : BAD;
      return list[random.integer(draw + 2, list.length)];
    });
    return { text: words.join(' '), score };
  });
}

const labelled = (list: readonly ScoredText[]): LabelledText[] =>
  list.map(({ text, score }) => ({ text, label: score >= 3 ? 'hq' : 'cc' }));

const training = texts(1500, 1);
const heldOut = texts(400, 2);
const OPTIONS = { buckets: 5000, dimension: 8 };

describe('a regressor of 0–5 scores', () => {
  const regressor = QualityClassifier.train(training, { ...OPTIONS, epochs: 10 });
  const report = evaluateClassifier(regressor, heldOut);

  it('learns scores that it was not shown', () => {
    expect(regressor.kind).toBe('score');
    expect(report.meanAbsoluteError).toBeLessThan(0.6);
    expect(report.binary.threshold).toBe(3);
    expect(report.binary.f1).toBeGreaterThan(0.85);
    expect(report.best.f1).toBeGreaterThanOrEqual(report.binary.f1 - 0.02);
  });

  it('means what it says: the mean truth of every bin is near its mean score', () => {
    expect(report.calibration.error).toBeLessThan(0.4);
    expect(report.calibration.bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(heldOut.length);
  });

  it('keeps its range in the file', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'quality-')), 'edu.bin');
    regressor.save(path);
    const loaded = QualityClassifier.load(path);
    expect(loaded).toMatchObject({ kind: 'score', range: [0, 5] });
    for (const { text } of heldOut.slice(0, 20)) expect(loaded.score(text)).toBe(regressor.score(text));
  });

  it('makes a filter with score, reason, value and limit', () => {
    const filter = learnedQuality({ classifier: regressor, minimumScore: 3 });
    const bad = filter.check(BAD.join(' '));
    expect(bad).toEqual({
      keep: false,
      reason: 'quality_score',
      value: regressor.score(BAD.join(' ')),
      limit: 3,
      metadata: { quality_score: regressor.score(BAD.join(' ')) },
    });
    expect(filter.check({ text: GOOD.join(' ') })).toMatchObject({ keep: true });
    // FineWeb-Edu compares the rounded score: from 2.5 on, halves to the even neighbour.
    const minimumScore = 3;
    const rounded = learnedQuality({ classifier: regressor, minimumScore, metadataKey: 'score', rounded: true });
    for (const { text } of heldOut.slice(0, 50)) {
      const score = regressor.score(text);
      const metadata = { score, int_score: integerScore(score) };
      expect(rounded.check(text)).toMatchObject({ keep: integerScore(score) >= 3, metadata });
    }
  });
});

describe('a classifier of labels', () => {
  const train = (options = {}) => QualityClassifier.train(labelled(training), { ...OPTIONS, ...options });

  it.each(['softmax', 'hierarchical'] as const)('learns to tell good from bad (%s)', (loss) => {
    const report = evaluateClassifier(train({ loss }), labelled(heldOut));
    expect(report.binary.f1).toBeGreaterThan(0.85);
    expect(report.confusion.labels).toHaveLength(2);
    expect(report.confusion.counts.flat().reduce((sum, count) => sum + count, 0)).toBe(heldOut.length);
    expect(report.confusion.accuracy).toBeGreaterThan(0.85);
  });

  it('is the same model, byte for byte, for the same examples and seed, and another for another seed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'quality-'));
    const hashes = [0, 0, 1].map((seed, run) => {
      const path = join(folder, `${run}.bin`);
      train({ seed, epochs: 2 }).save(path);
      return createHash('sha256').update(readFileSync(path)).digest('hex');
    });
    expect(hashes[0]).toBe(hashes[1]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it('gives probabilities that sum to one, and the lowest score to a text of nothing', () => {
    const classifier = train({ epochs: 1 });
    const sum = classifier.predict('plants and light').reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeCloseTo(1, 10);
    expect(classifier.predict('x\ny')).toEqual(classifier.predict('x y'));
  });

  it('can be told which label is the good one', () => {
    const classifier = train({ epochs: 2, positiveLabel: 'cc' });
    expect(classifier.score(BAD.join(' '))).toBeGreaterThan(0.5);
    expect(() => train({ epochs: 1, positiveLabel: 'other' })).toThrow(
      /positiveLabel: expected one of hq, cc|positiveLabel: expected one of cc, hq/,
    );
  });
});

describe('training refuses', () => {
  it.each<[string, readonly unknown[], object, RegExp]>([
    ['no examples', [], {}, /at least one/],
    ['a label with a space', [{ text: 'a', label: 'b c' }], {}, /example 1: label: expected a word/],
    [
      'examples of both kinds',
      [
        { text: 'a', label: 'b' },
        { text: 'a', score: 1 },
      ],
      {},
      /example 2: expected every example to have/,
    ],
    ['a score out of range', [{ text: 'a', score: 6 }], {}, /example 1: score: expected 0 to 5, got 6/],
    ['an example without text', [{ label: 'b' }], {}, /example 1: expected a text/],
    ['an unknown option', [{ text: 'a', label: 'b' }], { dim: 3 }, /dim: unknown option/],
    ['a dimension of nothing', [{ text: 'a', label: 'b' }], { dimension: 0 }, /dimension: expected an integer from 1/],
    ['a loss that is none', [{ text: 'a', label: 'b' }], { loss: 'ns' }, /loss: expected "softmax" or "hierarchical"/],
  ])('%s', (_, examples, options, message) => {
    expect(() => QualityClassifier.train(examples as LabelledText[], options)).toThrow(message);
  });
});

describe('integerScore', () => {
  it('rounds halves to even, as FineWeb-Edu did, and clips', () => {
    expect([0.5, 1.5, 2.5, 3.5, 2.49, 2.51, -1, 9].map((score) => integerScore(score))).toEqual([
      0, 2, 2, 4, 2, 3, 0, 5,
    ]);
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RandomStream } from '@smol/random';
import { afterAll, describe, expect, it } from 'vitest';
import { EmbeddingQuality, type EmbedTexts } from './embedding-quality.ts';
import { solveRidge } from './solve-ridge.ts';
import { measureWord } from './word-table.ts';
import { splitWhitespace } from './python-text.ts';

const WIDTH = 24;
const random = new RandomStream(1, 'word vectors');

/** A frozen model: every word has a vector by its hash, a text the mean of its words'. */
const embed: EmbedTexts = (texts) =>
  texts.map((text) => {
    const words = splitWhitespace(text);
    const sum = new Float32Array(WIDTH);
    for (const word of words) {
      const row = (measureWord(word).hash >>> 8) * WIDTH;
      for (let at = 0; at < WIDTH; at++) sum[at] += random.normal(row + at) / words.length;
    }
    return sum;
  });

const GOOD = 'light water plants leaf cell energy angle sum number proof history river climate'.split(' ');
const BAD = 'buy cheap click win free prize subscribe offer deal login cookie cart checkout'.split(' ');

function texts(count: number, seed: number) {
  const draws = new RandomStream(seed, 'texts');
  return Array.from({ length: count }, (_, index) => {
    const score = draws.integer(index * 1000, 6);
    const words = Array.from({ length: 80 }, (_, at) => {
      const list = draws.uniform(index * 1000 + 2 * at + 1) < score / 5 ? GOOD : BAD;
      return list[draws.integer(index * 1000 + 2 * at + 2, list.length)];
    });
    return { text: words.join(' '), score };
  });
}

const training = texts(600, 1);
const heldOut = texts(200, 2);
const folder = mkdtempSync(join(tmpdir(), 'embedding-quality-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(['ridge', 'logistic'] as const)('a %s head on frozen embeddings', (head) => {
  it('learns scores from 0 to 5, and says how well', async () => {
    const classifier = await EmbeddingQuality.train(training, { embed, head });
    const report = await classifier.evaluate(heldOut);
    expect(report.binary.f1).toBeGreaterThan(0.95);
    expect(report.meanAbsoluteError).toBeLessThan(0.4);
    expect(report.calibration.error).toBeLessThan(0.5);
    const scores = await classifier.scores([GOOD.join(' '), BAD.join(' '), '']);
    expect(scores[0]).toBeGreaterThan(4);
    expect(scores[1]).toBeLessThan(1);
    expect(scores.every((score) => score >= 0 && score <= 5)).toBe(true);
  });

  it('gives the same scores when it is read back, and for any batch', async () => {
    const path = join(folder, `${head}.json`);
    const classifier = await EmbeddingQuality.train(training, { embed, head, batch: 7 });
    classifier.save(path);
    const list = heldOut.map(({ text }) => text);
    expect(await EmbeddingQuality.load(path, embed).scores(list)).toEqual(await classifier.scores(list));
    const other = await EmbeddingQuality.train(training, { embed, head, batch: 600 });
    expect(other.head).toEqual(classifier.head);
  });
});

describe('a filter out of it', () => {
  it('keeps rounded scores of 3 and more, and says score, limit and integer', async () => {
    const filter = (await EmbeddingQuality.train(training, { embed })).filter();
    expect(await filter.check(GOOD.join(' '))).toMatchObject({ keep: true, metadata: { int_score: 5 } });
    expect(await filter.check({ text: BAD.join(' ') })).toMatchObject({
      keep: false,
      reason: 'quality_score',
      limit: 3,
      metadata: { int_score: 0 },
    });
  });
});

describe('solveRidge', () => {
  it('finds the line through points on one, and where its gradient vanishes elsewhere', () => {
    const rows = [
      [1, 1],
      [2, 1],
      [4, 1],
    ].map((row) => Float64Array.from(row));
    const [slope, constant] = solveRidge(rows, [5, 7, 11], 1e-9);
    expect([slope, constant]).toEqual([expect.closeTo(2, 5), expect.closeTo(3, 5)]);
    const targets = [1, 0, 2];
    const weights = solveRidge(rows, targets, 0.5);
    const residuals = rows.map((row, index) => row[0] * weights[0] + weights[1] - targets[index]);
    expect(residuals.reduce((sum, residual, index) => sum + residual * rows[index][0], 0.5 * weights[0])).toBeCloseTo(
      0,
      9,
    );
    expect(residuals.reduce((sum, residual) => sum + residual, 0)).toBeCloseTo(0, 6);
  });
});

describe('bad input', () => {
  const train = (options: object, examples = training) => EmbeddingQuality.train(examples, { embed, ...options });

  it.each([
    [{}, [], 'expected at least one'],
    [{}, [{ text: 'a', score: 7 }], 'example 1: score: expected 0 to 5, got 7'],
    [{ head: 'cubic' }, training, 'expected "ridge" or "logistic", got "cubic"'],
    [{ penalty: 0 }, training, 'penalty: expected more than 0'],
    [{ batch: 0.5 }, training, 'batch: expected an integer'],
    [{ embed: () => [] }, training, 'embed: expected 32 vectors, got 0'],
    [
      { embed: (list: string[]) => list.map((_, index) => new Float32Array(index + 1)) },
      training,
      'embed: expected 1 numbers, got 2',
    ],
    [{ embed: (list: string[]) => list.map(() => Float32Array.of(NaN)) }, training, 'embed: expected finite numbers'],
  ])('is refused: %j', async (options, examples, message) => {
    await expect(train(options, examples)).rejects.toThrow(message);
  });

  it('of a file is refused', async () => {
    const path = join(folder, 'model.json');
    (await train({})).save(path);
    const whole = readFileSync(path, 'utf8');
    for (const broken of [
      '',
      'null',
      '{}',
      whole.slice(0, -20),
      whole.replace('"bias":', '"bias":"a","b":'),
      whole.replace('[', '[1,'),
    ]) {
      writeFileSync(path, broken);
      expect(() => EmbeddingQuality.load(path, embed)).toThrow('expected a file that EmbeddingQuality has saved');
    }
    expect(() => EmbeddingQuality.load(join(folder, 'none'), embed)).toThrow('cannot be read');
  });
});

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { getLIDModel } from 'fasttext.wasm.js';
import { describe, expect, it } from 'vitest';
import { hashWord, ngramBuckets } from './fasttext-features.ts';
import { readFastTextFile } from './fasttext-file.ts';
import { huffmanPaths } from './fasttext-model.ts';
import { LanguageIdentifier } from './language-identifier.ts';
import { QualityClassifier } from './quality-classifier.ts';

const folder = mkdtempSync(join(tmpdir(), 'quality-fasttext-'));

/** Written by scripts/oracle.py with fastText itself. */
interface Row {
  loss: string;
  model: string;
  predictions: (Record<string, number> & { text: never })[];
}
const rows = JSON.parse(readFileSync(new URL('fixtures/fasttext.json', import.meta.url), 'utf8')) as Row[];

function pathOf({ loss, model }: Row): string {
  const path = join(folder, `${loss}.bin`);
  writeFileSync(path, Buffer.from(model, 'base64'));
  return path;
}

describe.each(rows)('a model that fastText trained ($loss)', (row) => {
  const classifier = QualityClassifier.load(pathOf(row));

  it.each(row.predictions)('gives fastText’s probabilities for %j', ({ text, ...expected }) => {
    const given = Object.fromEntries(classifier.predict(text).map(({ label, probability }) => [label, probability]));
    for (const [label, probability] of Object.entries(expected)) {
      // ova looks the sigmoid up in a table of 512 steps.
      expect(Math.abs(given[label] - Number(probability))).toBeLessThan(row.loss === 'ova' ? 0.01 : 0.0002);
    }
  });

  it('scores the positive label, hq where there is one', () => {
    expect(classifier.positiveLabel).toBe('hq');
    const text = 'the water in the sea';
    const hq = classifier.predict(text).find(({ label }) => label === 'hq')!;
    expect(classifier.score(text)).toBe(hq.probability);
  });

  it('is saved as the file it came from, header aside', () => {
    const path = join(folder, 'copy.bin');
    classifier.save(path);
    expect(readFastTextFile(path)).toEqual(readFastTextFile(pathOf(row)));
  });
});

describe('a model trained here', () => {
  const examples = Array.from({ length: 60 }, (_, index) =>
    index % 2 === 0
      ? { text: `water rises from the sea number ${index}`, label: 'hq' }
      : { text: `win a cheap prize today ${index}`, label: index % 4 === 1 ? 'cc' : 'spam' },
  );

  it.each(['softmax', 'hierarchical'] as const)('runs in fastText with the same probabilities (%s)', async (loss) => {
    const classifier = QualityClassifier.train(examples, { buckets: 500, loss, learningRate: 0.5, epochs: 10 });
    const path = join(folder, `trained-${loss}.bin`);
    classifier.save(path);
    const model = await (await getLIDModel({ modelPath: pathToFileURL(path).href })).load();
    for (const text of ['the sea rises', 'win a prize', 'something else 日本', '']) {
      const theirs = model.predict(`${text}\n`, 10, 0);
      const found = Array.from({ length: theirs.size() }, (_, index) => theirs.get(index) as [number, string]);
      const ours = new Map(
        classifier.predict(text).map(({ label, probability }) => [`__label__${label}`, probability]),
      );
      expect(found.length).toBeGreaterThan(0);
      for (const [probability, label] of found) expect(ours.get(label)!).toBeCloseTo(probability, 3);
    }
  });

  it('can be read as a language model by path, too', async () => {
    const path = join(folder, 'languages.bin');
    QualityClassifier.train(examples, { buckets: 500, epochs: 20, learningRate: 0.5 }).save(path);
    const identifier = await LanguageIdentifier.load({ modelPath: path });
    expect(identifier.identify('water rises from the sea').language).toBe('hq');
  });
});

describe('fastText’s hashes', () => {
  it('are FNV-1a with signed bytes', () => {
    expect([hashWord(''), hashWord('a'), hashWord('foobar')].map((hash) => hash >>> 0)).toEqual([
      2166136261, 0xe40c292c, 0xbf9cf968,
    ]);
  });

  it('of n-grams are those of 64-bit arithmetic', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 2 ** 31 - 1 }),
        (hashes, buckets) => {
          const slow: number[] = [];
          for (let first = 0; first < hashes.length; first++) {
            let hash = BigInt.asUintN(64, BigInt(hashes[first]));
            for (let last = first + 1; last < Math.min(hashes.length, first + 3); last++) {
              hash = BigInt.asUintN(64, hash * 116_049_371n + BigInt(hashes[last]));
              slow.push(Number(hash % BigInt(buckets)));
            }
          }
          expect(ngramBuckets(hashes, 3, buckets)).toEqual(slow);
        },
      ),
    );
  });
});

describe('Huffman paths', () => {
  it('put frequent labels near the root, and their leaves fill the tree', () => {
    const paths = huffmanPaths([50, 20, 20, 5, 5]);
    expect(paths.map((path) => path.length)).toEqual([1, 2, 3, 4, 4]);
    const kraft = paths.reduce((sum, path) => sum + 2 ** -path.length, 0);
    expect(kraft).toBe(1);
    expect(huffmanPaths([7])).toEqual([[]]);
  });
});

describe('damaged model files', () => {
  const whole = Buffer.from(rows[0].model, 'base64');
  const load = (bytes: Uint8Array) => {
    const path = join(folder, 'damaged.bin');
    writeFileSync(path, bytes);
    return () => QualityClassifier.load(path);
  };

  const codeOf = (attempt: () => unknown) => {
    try {
      attempt();
      return 'read';
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };

  it('are refused wherever they are cut', () => {
    for (let end = 0; end < whole.length; end += 53) {
      expect(load(whole.subarray(0, end))).toThrow(expect.objectContaining({ code: 'MODEL_NOT_LOADED' }));
    }
  });

  it('are refused or read, never more, whatever byte of the head is changed', () => {
    for (let at = 0; at < 120; at++) {
      const changed = Buffer.from(whole);
      changed[at] ^= 0xff;
      expect(codeOf(load(changed))).toMatch(/^(?:read|MODEL_NOT_LOADED|INVALID_OPTION)$/);
    }
  });

  it('are named when missing', () => {
    expect(() => QualityClassifier.load('/nowhere/model.bin')).toThrow(
      /\/nowhere\/model\.bin: expected a fastText \.bin model/,
    );
  });
});

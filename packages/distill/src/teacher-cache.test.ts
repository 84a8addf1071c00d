import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CacheDescription } from './cache-description.ts';
import type { ExpectedCache } from './cache-header.ts';
import { TeacherCache } from './cache-reader.ts';
import { finishTeacherCache, writeTeacherCache, writeTeacherParts } from './cache-writer.ts';
import { DistillError } from './distill-error.ts';
import { klDivergence } from './divergence.ts';
import { encodeTeacherRecords, decodeTeacherRecords } from './teacher-cache.ts';
import { recordBytes } from './teacher-record.ts';
import { rowProbabilities, sampleRow, topRow } from './teacher-row.ts';
import { topKDivergence, topKTargets, type TopKTargets } from './top-k.ts';
import type { SampledTargets } from './sampled.ts';

const folder = mkdtempSync(join(tmpdir(), 'smol-teacher-'));
beforeAll(() => useEngine('cpu'));
afterAll(() => rmSync(folder, { recursive: true }));

const tokenCount = 70;
const description: CacheDescription = {
  kind: 'top-k',
  k: 6,
  vocabularySize: 40,
  temperature: 1,
  tokenizer: 'corpus.json',
  teacherHash: 'teacher-1',
  shardHash: 'shard-1',
  tokenCount,
  seed: 5,
};
/** Logits that fall like a language model's, in a shuffled order. */
const stream = new RandomStream(3, 'teacher');
const rowLogits = (position: number, size: number) =>
  Float32Array.from(
    { length: size },
    (_, id) => -1.3 * Math.log(1 + ((id * 7919 + position * 31) % size)) + 0.3 * stream.normal(position * size + id),
  );
const teacherOf = (size: number) => (start: number, length: number) => {
  const logits = new Float32Array(length * size);
  for (let row = 0; row < length; row++) logits.set(rowLogits(start + row, size), row * size);
  return logits;
};
const teacher = teacherOf(40);
const options = { description, windowTokens: 8, partTokens: 16 };
/** Parts hold whole blocks of 256 tokens: a shard that has some. */
const long = { ...options, description: { ...description, tokenCount: 1200 } };
const codeOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    return error instanceof DistillError ? error.code : error;
  }
  return 'nothing was thrown';
};
let files = 0;
const newPath = () => join(folder, `${files++}.ds.teacher`);

describe('a record', () => {
  it.each([
    ['top-k', 50, 49_152, 130],
    ['top-k', 50, 128_256, 130],
    ['sampled', 12, 49_152, 45],
    ['sampled', 12, 128_256, 45],
  ] as const)('of %s %i ids of %i takes at most %i bytes', (kind, k, vocabularySize, limit) => {
    expect(recordBytes({ kind, k, vocabularySize, temperature: 1 })).toBeLessThanOrEqual(limit);
  });

  it('keeps sampled ids as they are and their weights to 0.4 %', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 12 }), (position, k) => {
        const sampled = { ...description, kind: 'sampled' as const, k };
        const logits = rowLogits(position, 40);
        const kept = decodeTeacherRecords(sampled, [encodeTeacherRecords(sampled, logits, position)]) as SampledTargets;
        const uniform = new RandomStream(5, 'distill sampled targets').uniform(position);
        const { ids, weights } = sampleRow(rowProbabilities(logits, 1, ''), k, uniform);
        expect(kept.ids_NK.dataSync()).toEqual(ids);
        kept.weights_NK.dataSync().forEach((weight, index) => {
          expect(Math.abs(weight - weights[index]) / weights[index]).toBeLessThan(4e-3);
        });
        tf.dispose([kept.ids_NK, kept.weights_NK]);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [49_152, 0.12, 0.03],
    [128_256, 0.15, 0.05],
  ])(
    'keeps the 50 likeliest of %i ids, the first three and the last to 0.2 %%, others to %f nats at worst, %f in the root mean square',
    (size, worst, typical) => {
      const format = { ...description, k: 50, vocabularySize: size };
      let squares = 0;
      for (let position = 0; position < 4; position++) {
        const logits = rowLogits(position, size);
        const kept = decodeTeacherRecords(format, [encodeTeacherRecords(format, logits, position)]) as TopKTargets;
        const { ids, probabilities } = topRow(rowProbabilities(logits, 1, ''), 50);
        expect(kept.ids_NK.dataSync()).toEqual(ids);
        kept.logProbabilities_NK.dataSync().forEach((value, index) => {
          const error = Math.abs(value - Math.log(probabilities[index]));
          expect(error).toBeLessThan(index < 3 || index === 49 ? 2e-3 : worst);
          squares += error ** 2;
        });
      }
      expect(Math.sqrt(squares / 200)).toBeLessThan(typical);
    },
  );

  it('teaches what the logits teach: the divergence differs by less than one hundredth', () => {
    const format = { ...description, k: 10 };
    const logits = teacher(0, 20);
    const kept = decodeTeacherRecords(format, [encodeTeacherRecords(format, logits, 0)]) as TopKTargets;
    const [student, whole] = [tf.tensor2d(teacher(100, 20), [20, 40]), tf.tensor2d(logits, [20, 40])];
    const [cached, direct] = [topKDivergence(student, kept), topKDivergence(student, topKTargets(whole, 10))];
    expect(tf.max(tf.abs(tf.sub(cached, direct))).dataSync()[0]).toBeLessThan(
      0.01 * tf.mean(klDivergence(student, whole)).dataSync()[0],
    );
  });

  it('refuses logits that are not numbers and a k above the vocabulary', () => {
    const logits = teacher(0, 2);
    logits[45] = Number.NaN;
    expect(() => encodeTeacherRecords(description, logits, 7)).toThrow('got NaN for id 5 at position 8');
    expect(codeOf(() => encodeTeacherRecords(description, logits, 7))).toBe('BAD_LOGITS');
    expect(codeOf(() => encodeTeacherRecords({ ...description, k: 41 }, teacher(0, 1), 0))).toBe('BAD_OPTION');
    expect(codeOf(() => encodeTeacherRecords(description, new Float32Array(41), 0))).toBe('SHAPE_MISMATCH');
  });
});

describe('a cache file', () => {
  it('holds the same bytes whatever the number of workers, also after a kill in the middle', async () => {
    const [alone, together, stopped] = [newPath(), newPath(), newPath()];
    await writeTeacherCache(alone, long, teacher);
    await Promise.all([2, 0, 1].map((worker) => writeTeacherParts(together, long, teacher, { worker, workers: 3 })));
    await finishTeacherCache(together, long);
    let windows = 0;
    const dying = (start: number, length: number) => {
      if (++windows > 70) throw new Error('killed');
      return teacher(start, length);
    };
    await expect(writeTeacherCache(stopped, long, dying)).rejects.toThrow('killed');
    expect(codeOf(() => TeacherCache.open(stopped))).toBe('FILE_NOT_FOUND');
    await expect(finishTeacherCache(stopped, long)).rejects.toMatchObject({ code: 'CACHE_INCOMPLETE' });
    const [asked, progress]: [number[], number[]] = [[], []];
    const onProgress = (tokens: number) => void progress.push(tokens);
    await writeTeacherCache(stopped, { ...long, onProgress }, (start, length) => {
      asked.push(start);
      return teacher(start, length);
    });
    expect(asked[0]).toBe(512); // two parts of 256 were done
    expect([progress[0], progress[1], progress.at(-1)]).toEqual([512, 520, 1200]);
    expect(readFileSync(together).equals(readFileSync(alone))).toBe(true);
    expect(readFileSync(stopped).equals(readFileSync(alone))).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes('part'))).toEqual([]);
  });

  it('stops when it is asked to and keeps what it has', async () => {
    const path = newPath();
    const controller = new AbortController();
    const onProgress = (tokens: number) => void (tokens >= 300 && controller.abort(new Error('enough')));
    await expect(writeTeacherCache(path, { ...long, onProgress, signal: controller.signal }, teacher)).rejects.toThrow(
      'enough',
    );
    const asked: number[] = [];
    await writeTeacherCache(path, long, (start, length) => {
      asked.push(start);
      return teacher(start, length);
    });
    expect(asked[0]).toBe(256);
  });

  it('finds every flipped bit and names the tokens', async () => {
    const path = newPath();
    await writeTeacherCache(path, long, teacher);
    const whole = readFileSync(path);
    TeacherCache.open(path).verify();
    const start = whole.indexOf('}') + 1;
    const size = recordBytes(long.description);
    const flip = (at: number) => {
      const bytes = Buffer.from(whole);
      bytes[at] ^= 4;
      writeFileSync(path, bytes);
      return codeOf(() => TeacherCache.open(path).verify());
    };
    expect(fc.sample(fc.nat(whole.length - 1), 60).map(flip)).toEqual(
      Array.from({ length: 60 }, () => 'CORRUPT_CACHE'),
    );
    flip(start + 300 * size);
    const cache = TeacherCache.open(path);
    expect(() => cache.verify()).toThrow('the records of tokens 256 to 511 (bytes');
    expect(() => cache.targets([250], 10)).toThrow('are not what was written');
    expect((cache.targets([200], 56) as TopKTargets).ids_NK.shape).toEqual([56, 6]);
  });

  it('takes no part that was changed', async () => {
    const path = newPath();
    await writeTeacherParts(path, long, teacher);
    const parts = join(
      folder,
      readdirSync(folder).find((name) => name.includes('.parts-'))!,
    );
    const bytes = readFileSync(join(parts, '2'));
    bytes[100] ^= 1;
    writeFileSync(join(parts, '2'), bytes);
    await expect(finishTeacherCache(path, long)).rejects.toMatchObject({ code: 'CORRUPT_CACHE' });
    await writeTeacherCache(path, long, teacher);
    TeacherCache.open(path).verify();
  });

  it('gives the records of any position', async () => {
    const path = newPath();
    await writeTeacherCache(path, options, teacher);
    const cache = TeacherCache.open(path, { tokenizer: 'corpus.json', tokenCount, vocabularySize: 64 });
    const kept = cache.targets([3, 40], 5) as TopKTargets;
    expect(kept.ids_NK.shape).toEqual([10, 6]);
    const expected = topRow(rowProbabilities(rowLogits(42, 40), 1, ''), 6);
    expect(kept.ids_NK.dataSync().slice(42, 48)).toEqual(expected.ids);
    expect(() => cache.records(68, 3)).toThrow('has records of 70 tokens, asked for 3 from 68 on');
    cache.close();
  });

  it.each<[string, ExpectedCache]>([
    ['tokenizer', { tokenizer: 'other.json' }],
    ['shardHash', { shardHash: 'shard-2' }],
    ['teacherHash', { teacherHash: 'teacher-2' }],
    ['tokenCount', { tokenCount: 71 }],
    ['k', { k: 7 }],
    ['temperature', { temperature: 2 }],
    ['vocabularySize', { vocabularySize: 39 }],
  ])('is refused when its %s does not fit', async (name, expected) => {
    const path = newPath();
    await writeTeacherCache(path, options, teacher);
    expect(() => TeacherCache.open(path, expected)).toThrow(`its ${name} must be`);
    expect(codeOf(() => TeacherCache.open(path, expected))).toBe('CACHE_MISMATCH');
  });

  it('is refused when it is cut short anywhere, longer, or something else', async () => {
    const path = newPath();
    await writeTeacherCache(path, options, teacher);
    const whole = readFileSync(path);
    for (const length of [0, 5, 15, 60, whole.length - 1]) {
      truncateSync(path, length);
      expect(codeOf(() => TeacherCache.open(path))).toBe('CORRUPT_CACHE');
      writeFileSync(path, whole);
    }
    for (const bytes of [
      Buffer.concat([whole, Buffer.of(0)]),
      Buffer.from('hello, this is no cache'),
      Buffer.alloc(200, 255),
    ]) {
      writeFileSync(path, bytes);
      expect(codeOf(() => TeacherCache.open(path))).toBe('CORRUPT_CACHE');
    }
  });

  it('does not begin with a description that cannot be', async () => {
    const write = (change: Partial<CacheDescription>) =>
      writeTeacherCache(newPath(), { ...options, description: { ...description, ...change } }, teacher);
    await expect(write({ k: 40 })).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await expect(write({ temperature: 0 })).rejects.toMatchObject({ code: 'BAD_OPTION' });
    await expect(write({ vocabularySize: 50 })).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });
});

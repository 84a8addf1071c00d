import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { build } from 'tsup';
import { beforeAll, describe, expect, it } from 'vitest';
import { languageFilter, type LanguageFilterOptions } from './language-filter.ts';
import { LanguageIdentifier } from './language-identifier.ts';
import { PRESETS } from './preset.ts';
import { QualityError } from './quality-error.ts';
import { ENGLISH, FRENCH, ITALIAN, PORTUGUESE } from './sample-texts.fixture.ts';

let identifier: LanguageIdentifier;

beforeAll(async () => {
  identifier = await LanguageIdentifier.load();
});

describe('LanguageIdentifier', () => {
  it.each([
    ['en', 'The house is large and the garden behind it is old.'],
    ['fr', FRENCH],
    ['pt', PORTUGUESE],
    ['it', ITALIAN],
    ['zh', '这是一个测试，我们在这里写中文。'],
    ['ru', 'Сегодня хорошая погода, и мы идём гулять.'],
  ])('finds %s', (language, text) => {
    expect(identifier.identify(text)).toEqual({ language, score: expect.closeTo(0.9, 0) });
  });

  it('gives the score of fastText’s own Python binding for the same model', () => {
    // fasttext.load_model('lid.176.ftz').predict(text), fasttext-numpy2-wheel 0.9.2
    expect(identifier.identify('hello').score).toBeCloseTo(0.242472, 4);
    expect(identifier.identify(PORTUGUESE).score).toBeCloseTo(0.915749, 4);
  });

  it('clamps scores, which fastText lets pass 1', () => {
    expect(identifier.identify('这是中文').score).toBe(1);
  });

  it('reads newlines as nothing in 2024 and as spaces at head', () => {
    const lines = 'Das\nWetter\nwar\nschlecht';
    expect(identifier.identify(lines)).toEqual(identifier.identify(lines.replaceAll('\n', ' ')));
    expect(identifier.identify(lines, 'fineweb-2024')).toEqual(identifier.identify(lines.replaceAll('\n', '')));
    expect(identifier.identify(lines).score).not.toBe(identifier.identify(lines, 'fineweb-2024').score);
  });

  it('ranks the languages, best first', () => {
    const ranked = identifier.rank(ENGLISH, 5);
    expect(ranked).toHaveLength(5);
    expect(ranked[0].language).toBe('en');
    expect(ranked.map(({ score }) => score)).toEqual(ranked.map(({ score }) => score).toSorted((a, b) => b - a));
  });

  it.each(['', '\n', '\0\0', '\ud800', '🙂'.repeat(1000)])('answers %j', (text) => {
    expect(identifier.identify(text).language).toMatch(/^[a-z]+$/);
  });

  it('is loaded once', async () => {
    expect(await LanguageIdentifier.load()).toBe(identifier);
  });

  it('names a model that is missing or is none', async () => {
    await expect(LanguageIdentifier.load({ modelPath: '/nowhere/lid.bin' })).rejects.toThrow(
      'modelPath: expected a fastText model file (.bin or .ftz), found no file at /nowhere/lid.bin',
    );
    const path = join(mkdtempSync(join(tmpdir(), 'quality-')), 'lid.bin');
    writeFileSync(path, 'not a model');
    const error = await LanguageIdentifier.load({ modelPath: path }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(QualityError);
    expect(error).toMatchObject({ code: 'MODEL_NOT_LOADED', message: expect.stringContaining(path) });
  });
});

describe('languageFilter', () => {
  it('gives the verdicts of datatrove’s test, and metadata either way', () => {
    const filter = languageFilter({ identifier, languages: ['en', 'it'] });
    const results = [ENGLISH, FRENCH, PORTUGUESE, ITALIAN].map((text) => filter.check(text));
    expect(results.map(({ keep, metadata }) => [keep, metadata?.language])).toEqual([
      [true, 'en'],
      [false, 'fr'],
      [false, 'pt'],
      [true, 'it'],
    ]);
    expect(results[1]).toMatchObject({ reason: 'language', value: 'fr', limit: 'en, it' });
  });

  it.each(PRESETS)('keeps only above the threshold, not at it (%s)', (preset) => {
    const { score } = identifier.identify(ENGLISH, preset);
    const check = (threshold: number) =>
      languageFilter({ identifier, languages: 'en', threshold, preset }).check(ENGLISH);
    expect(check(score)).toMatchObject({ keep: false, reason: 'language_score', value: score, limit: score });
    expect(check(score - 1e-6).keep).toBe(true);
  });

  it('at head lets a listed language pass that is not the best one', () => {
    const mixed = `${FRENCH} ${ITALIAN}`;
    const [best, second] = identifier.rank(mixed, 2);
    const options = { identifier, languages: second.language, threshold: second.score / 2 };
    expect(best.language).not.toBe(second.language);
    expect(languageFilter(options).check(mixed).keep).toBe(true);
    expect(languageFilter({ ...options, preset: 'fineweb-2024' }).check(mixed)).toMatchObject({ reason: 'language' });
  });

  it('keeps any language when told so, and refuses not to be told', () => {
    expect(languageFilter({ identifier, languages: 'all' }).check(FRENCH).keep).toBe(true);
    expect(languageFilter({ identifier, languages: 'all' }).check('x').keep).toBe(false);
    for (const languages of [undefined, [], [''], 3]) {
      const options = { identifier, languages } as unknown as LanguageFilterOptions;
      expect(() => languageFilter(options)).toThrow(/^languages: expected labels/);
    }
    expect(() => languageFilter({ identifier, languages: 'en', threshold: 65 })).toThrow(
      'threshold: expected a number',
    );
  });
});

describe('in a worker thread, after bundling', () => {
  it('loads and answers', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quality-'));
    symlinkSync(join(import.meta.dirname, '..', 'node_modules'), join(folder, 'node_modules'));
    const entry = { bundle: join(import.meta.dirname, 'index.ts') };
    await build({
      entry,
      outDir: folder,
      format: ['esm'],
      config: false,
      silent: true,
      outExtension: () => ({ js: '.mjs' }),
      external: ['fasttext.wasm.js'],
    });
    const worker = join(folder, 'worker.mjs');
    writeFileSync(
      worker,
      `import { parentPort } from 'node:worker_threads';
       import { qualityFilters, runFilters } from './bundle.mjs';
       const filters = await qualityFilters('fineweb-head', { languages: 'en' });
       parentPort.postMessage(runFilters(filters, ${JSON.stringify(FRENCH)}));`,
    );
    const report = await new Promise((resolve, reject) =>
      new Worker(worker).once('message', resolve).once('error', reject),
    );
    expect(report).toMatchObject({ keep: false, filter: 'language', value: 'fr' });
  });
});

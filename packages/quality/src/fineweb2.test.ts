import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fineweb2Config, FINEWEB2_LANGUAGES, loadFineWeb2Config, parseFineWeb2Config } from './fineweb2-config.ts';
import { fineweb2Filters } from './fineweb2-filters.ts';
import { LanguageIdentifier } from './language-identifier.ts';
import { segmenterFor } from './language-segmenters.ts';
import { runFilters } from './quality-filters.ts';

/** Shortened from the recipe's configs/fra_Latn.yml. */
const FRENCH_YAML = `dup_line_frac: 0.264
dup_n_grams:
- - 5
  - 0.15
- - 6
  - 0.141
- - 7
  - 0.131
- - 8
  - 0.121
- - 9
  - 0.111
- - 10
  - 0.1
language_score: 0.824
line_punct_thr: 0.1
max_avg_word_length: 11
max_non_alpha_words_ratio: 0.812
min_avg_word_length: 2
new_line_ratio: 0.185
stopwords: [de, la, le, et, "\\xE0", en, l', des, du, les, est, d', un, une, il, dans, par, au]
top_n_grams:
- - 2
  - 0.161
- - 3
  - 0.149
- - 4
  - 0.134
`;

describe('fineweb2Config', () => {
  it('is what the recipe’s YAML says', async () => {
    expect(await parseFineWeb2Config(FRENCH_YAML)).toEqual(fineweb2Config('fra_Latn'));
  });

  it.each([
    ['cmn_Hani', 0.287, [0.256, 0.201, 0.171], 0.692, 0.106, 1, 5, 0.735, 0.178],
    ['deu_Latn', 0.263, [0.169, 0.153, 0.137], 0.821, 0, 0, 15, 0.774, 0.152],
  ])('has the published limits of %s', (language, lines, top, score, marks, shortest, longest, letters, newlines) => {
    const config = fineweb2Config(language);
    expect(config).toMatchObject({
      duplicateLines: lines,
      languageScore: score,
      minimumPunctuatedLines: marks,
      minimumMeanWordLength: shortest,
      maximumMeanWordLength: longest,
      minimumAlphabeticWords: letters,
      maximumNewlinesPerWord: newlines,
    });
    expect(config.topNGrams.map(([, limit]) => limit)).toEqual(top);
  });

  it('is whole for every built-in language', () => {
    expect(FINEWEB2_LANGUAGES).toHaveLength(30);
    for (const language of FINEWEB2_LANGUAGES) {
      const { stopWords, duplicateNGrams, ...rest } = fineweb2Config(language);
      expect(stopWords.length).toBeGreaterThan(3);
      expect(duplicateNGrams.map(([n]) => n)).toEqual([5, 6, 7, 8, 9, 10]);
      expect(Object.values(rest).every((value) => Array.isArray(value) || Number.isFinite(value))).toBe(true);
    }
  });

  it('reads other languages from their YAML, and says what is wrong with one', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'quality-')), 'xyz_Latn.yml');
    writeFileSync(path, FRENCH_YAML);
    expect(await loadFineWeb2Config(path)).toEqual(fineweb2Config('fra_Latn'));
    const messageOf = (yaml: string) =>
      parseFineWeb2Config(yaml, 'x.yml').then(
        () => 'read',
        (error: Error) => error.message,
      );
    expect(await messageOf(FRENCH_YAML.replace('language_score: 0.824', 'language_score: high'))).toMatch(
      'x.yml: language_score: expected a number, got "high"',
    );
    expect(await messageOf(FRENCH_YAML.replace('dup_line_frac: 0.264', ''))).toMatch(
      'x.yml: dup_line_frac: expected a number, got nothing',
    );
    expect(await messageOf(`${FRENCH_YAML}typo: 1\n`)).toMatch('x.yml: typo: expected only the keys');
    expect(await messageOf('- a\n: {')).toMatch(/x\.yml: (?:not YAML|dup_line_frac)/);
    expect(await messageOf('')).toMatch('x.yml: the whole file');
    await expect(loadFineWeb2Config('/nowhere.yml')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    expect(() => fineweb2Config('xyz_Latn')).toThrow(/loadFineWeb2Config/);
  });
});

const FRENCH_TEXT = [
  "La pluie n'a pas cessé depuis trois jours, et le village attend le retour des bateaux qui sont partis avant l'aube.",
  'Les habitants se rassemblent chaque soir dans la salle de la mairie pour lire les nouvelles et boire un verre de vin chaud.',
  'Il est difficile de savoir si la route de la montagne sera ouverte demain, car la neige tombe encore sur les hauteurs.',
  'Une école du bourg a proposé de recevoir les familles dont la maison est trop proche de la rivière en crue.',
].join('\n');

describe('fineweb2Filters', () => {
  const filters = fineweb2Filters({ config: fineweb2Config('fra_Latn'), segmenter: segmenterFor('fra_Latn') });

  it('run in FineWeb2’s order and keep prose', () => {
    expect(filters.map(({ name }) => name)).toEqual(['gopher-repetition', 'fineweb', 'gopher-quality']);
    expect(runFilters(filters, FRENCH_TEXT)).toMatchObject({ keep: true, text: FRENCH_TEXT });
  });

  it.each([
    ['repeated lines', `${`${FRENCH_TEXT}\n`.repeat(2)}`, 'gopher-repetition', 'dup_line_frac'],
    ['many short lines', FRENCH_TEXT.replace(/ (\S+ \S+) /g, ' $1\n'), 'fineweb', 'list_ratio'],
    ['lines without an end', FRENCH_TEXT.replaceAll('.', ''), 'fineweb', 'line_punct_ratio'],
    [
      'words of another language',
      'Wort Zeit Haus Baum Mensch Wasser Feuer Stein. '.repeat(1) +
        Array.from(
          { length: 60 },
          (_, index) =>
            `wort${String.fromCharCode(97 + (index % 26))}${String.fromCharCode(97 + Math.floor(index / 26))}`,
        ).join(' ') +
        '.',
      'gopher-quality',
      'gopher_enough_stop_words',
    ],
  ])('drop %s', (_, text, filter, reason) => {
    expect(runFilters(filters, text)).toMatchObject({ keep: false, filter, reason });
  });

  it('let paragraphs repeat, as trafilatura leaves none', () => {
    const text = FRENCH_TEXT.replaceAll('\n', '\n\n');
    expect(runFilters(filters, text)).toMatchObject({ keep: true });
  });

  it('begin with the language’s own score when a model is given', async () => {
    const identifier = await LanguageIdentifier.load();
    const config = fineweb2Config('fra_Latn');
    const all = fineweb2Filters({ config, segmenter: segmenterFor('fr'), language: { identifier, label: 'fr' } });
    expect(runFilters(all, FRENCH_TEXT)).toMatchObject({ keep: true, metadata: { language: 'fr' } });
    expect(runFilters(all, 'The harbour was dredged before winter.')).toMatchObject({
      filter: 'language',
      reason: 'language',
      value: 'en',
      limit: 'fr',
    });
    const strict = fineweb2Filters({
      config: { ...config, languageScore: 1.1 },
      segmenter: segmenterFor('fr'),
      language: { identifier, label: 'fr' },
    });
    expect(runFilters(strict, FRENCH_TEXT)).toMatchObject({ filter: 'language', reason: 'language_score', limit: 1.1 });
  });
});

describe('segmenterFor', () => {
  it.each([
    ['en', 'It’s fine.', ['It', '’s', 'fine', '.']],
    ['deu_Latn', 'Das ist gut!', ['Das', 'ist', 'gut', '!']],
    ['cmn_Hani', '中国人民。你好！', ['中国', '人民', '。', '你好', '！']],
    ['th', 'ภาษาไทย', ['ภาษา', 'ไทย']],
    ['bod_Tibt', 'བོད་ཀྱི་སྐད།', ['བོད', 'ཀྱི', 'སྐད', '།']],
  ])('cuts %s into words', (language, text, words) => expect(segmenterFor(language).words(text)).toEqual(words));

  it('counts sentences of every script by their marks', () => {
    expect(segmenterFor('zh').countSentences('我们在河边。你好！好吗？')).toBe(3);
    expect(segmenterFor('jpn_Jpan').countSentences('')).toBe(0);
    expect(segmenterFor('hin_Deva').countSentences('यह अच्छा है। ठीक है।')).toBe(2);
  });

  it('names the dictionary it used', () => {
    expect(segmenterFor('zh').name).toBe(`intl-zh-icu${process.versions.icu}`);
    expect(segmenterFor('zho_Latn').name).toBe('spacy');
  });
});

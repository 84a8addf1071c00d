import { describe, expect, it } from 'vitest';
import { c4Quality } from './c4-quality.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition, type NGramLimit } from './gopher-repetition.ts';
import { PRESETS } from './preset.ts';
import { redactPii } from './redact-pii.ts';

/** Every rule switched to pass, so that every rule runs. */
const off = (limits: readonly number[]): NGramLimit[] => limits.map((n) => [n, 1e9]);
const REPETITION = {
  duplicateParagraphs: 1,
  duplicateParagraphCharacters: 1,
  duplicateLines: 1,
  duplicateLineCharacters: 1,
  topNGrams: off([2, 3, 4]),
  duplicateNGrams: off([5, 6, 7, 8, 9, 10]),
};
const QUALITY = { minimumWords: 0, minimumMeanWordLength: 0, maximumMeanWordLength: 1e9, maximumSymbolsPerWord: 1e9 };
const C4 = { maximumWordLength: 1e9, minimumWordsPerLine: 0 };
const FINEWEB = { minimumPunctuatedLines: -1, maximumShortLines: 2, maximumDuplicateCharacters: 2 };

const UNITS = [
  'a',
  '\n',
  ' ',
  '.',
  '!',
  '"',
  '[',
  '\ud800',
  '😀',
  'a-',
  'a.',
  '1.',
  'a@',
  'a@b.',
  '):',
  'X. ',
  '" ',
  '.)',
  'a,b ',
];

/** Many times what linear work takes; quadratic work would take minutes. */
const LIMIT_MILLISECONDS = 15_000;

describe('one thing over and over', () => {
  const cases = [
    ...UNITS.map((unit) => [unit, 200_000] as const),
    ['a', 1_000_000] as const,
    ['\n', 1_000_000] as const,
  ];

  it.each(cases)('%j up to %i characters is judged in linear time', (unit, length) => {
    const text = unit.repeat(length / unit.length);
    const start = performance.now();
    for (const preset of PRESETS) {
      for (const filter of [
        gopherRepetition({ preset, ...REPETITION }),
        gopherQuality({ preset, ...QUALITY }),
        c4Quality({ preset, ...C4 }),
        finewebQuality({ preset, ...FINEWEB }),
      ]) {
        expect(filter.check(text)).toHaveProperty('keep');
      }
    }
    expect(redactPii(text).text.length).toBeGreaterThan(0);
    expect(performance.now() - start).toBeLessThan(LIMIT_MILLISECONDS);
  });
});

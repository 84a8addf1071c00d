import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { c4Quality } from './c4-quality.ts';
import { finewebQuality } from './fineweb-quality.ts';
import { gopherQuality } from './gopher-quality.ts';
import { gopherRepetition } from './gopher-repetition.ts';
import { PRESETS, type Preset } from './preset.ts';
import { redactPii } from './redact-pii.ts';
import { whitespaceSegmenter as segmenter } from './segmenter.ts';
import { spacyWords } from './spacy-words.ts';
import type { FilterResult } from './verdict.ts';

/** Written by scripts/oracle.py from datatrove; `undefined` is where it divides by zero. */
type Row = Record<Preset, string[]> & { text: string; c4: string; c4_sha256?: string };

function load<T>(name: string): T[] {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8')) as T[];
}

function reasonOf(result: FilterResult): string {
  return result.keep ? 'keep' : result.reason;
}

const rows = load<Row>('datatrove.json');

describe.each(PRESETS)('the filters of %s against datatrove', (preset) => {
  const filters = [gopherRepetition, gopherQuality, finewebQuality].map((create) => create({ preset, segmenter }));

  it.each(rows.map((row, index) => ({ index, row })))('agree on text $index', ({ row }) => {
    expect(filters.map((filter) => reasonOf(filter.check(row.text)))).toEqual(row[preset]);
  });
});

describe('the C4 filter against datatrove', () => {
  it.each(rows.map((row, index) => ({ index, row })))(
    'agrees on text $index, to the rewritten character',
    ({ row }) => {
      const result = c4Quality({ segmenter }).check(row.text);
      expect(reasonOf(result)).toBe(row.c4);
      if (row.c4_sha256 === undefined) return;
      expect(createHash('sha256').update(result.text!).digest('hex').slice(0, 16)).toBe(row.c4_sha256);
    },
  );
});

describe('redactPii against datatrove', () => {
  it.each(load<{ text: string; redacted: string }>('pii.json'))('redacts $text', ({ text, redacted }) => {
    expect(redactPii(text).text).toBe(redacted);
  });
});

describe('spacyWords against spaCy', () => {
  it.each(load<{ text: string; words: string[] }>('words.json'))('splits $text', ({ text, words }) => {
    expect(spacyWords(text)).toEqual(words);
  });
});

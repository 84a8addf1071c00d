import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document, StepContext } from './document.ts';
import { temporaryFolder } from './fixtures/temporary-folder.ts';
import { varianceOf } from './metric.ts';
import type { Metric } from './metric.ts';
import { isTitle, isUpper, roundedText } from './python-characters.ts';
import { StatsCollector } from './stats-collector.ts';
import type { Statistics } from './stats-collector.ts';
import { mergeStatistics, statsStep, writeStatistics } from './stats-step.ts';
import {
  documentStats,
  languageStats,
  lineStats,
  paragraphStats,
  sentenceStats,
  tokenStats,
  wordStats,
} from './text-stats.ts';

const folder = temporaryFolder();
const fixture = JSON.parse(readFileSync(new URL('fixtures/statistics.json', import.meta.url), 'utf8')) as {
  documents: Document[];
  statistics: Record<string, Record<string, Record<string, number | number[]>>>;
};
const SPACE = String.raw`\t-\r\x1c-\x20\x85\xa0\u2028\u2029\u3000`;
const whitespace = { words: (text: string) => text.match(new RegExp(`[^${SPACE}]+`, 'gu')) ?? [] };
const blocks = [
  documentStats(),
  lineStats(),
  paragraphStats(),
  wordStats({ segmenter: whitespace }),
  sentenceStats({ sentences: (text) => text.split(new RegExp(`(?<=[.!?])[${SPACE}]+`, 'u')) }),
  tokenStats(() => 0),
];
const groups = ['summary', 'histogram', 'fqdn', 'suffix'] as const;

function statisticsOf(documents: readonly Document[], options = {}): Statistics {
  const collector = new StatsCollector(blocks, { groups, ...options });
  for (const document of documents) collector.add(document);
  return collector.statistics();
}

const numbersOf = (metric: Metric) => [
  metric.n,
  metric.total,
  metric.mean,
  varianceOf(metric),
  metric.minimum,
  metric.maximum,
];

describe('statistics', () => {
  const ours = statisticsOf(fixture.documents);

  it.each(Object.entries(fixture.statistics))('by %s are datatrove’s, to the last digit', (group, names) => {
    const found = Object.keys(ours[group]).filter((name) => group !== 'histogram' || !name.includes('__'));
    expect(found.sort()).toEqual(Object.keys(names).sort());
    for (const [name, keys] of Object.entries(names)) {
      const values = Object.entries(ours[group][name]).map(([key, metric]) => [
        key,
        group === 'histogram' ? metric.n : numbersOf(metric),
      ]);
      expect({ name, keys: Object.fromEntries(values) as unknown }).toEqual({ name, keys });
    }
  });

  it('of many ranks put together are those of all documents', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(fixture.documents.length), { maxLength: 4 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), fixture.documents.length];
        const parts = at.slice(1).map((end, index) => statisticsOf(fixture.documents.slice(at[index], end)));
        const merged = mergeStatistics(parts);
        for (const [name, { summary }] of Object.entries(ours.summary)) {
          const [n, total, mean, variance, minimum, maximum] = numbersOf(merged.summary[name].summary);
          expect([n, minimum, maximum]).toEqual([summary.n, summary.minimum, summary.maximum]);
          expect(total).toBeCloseTo(summary.total, 9);
          expect(mean).toBeCloseTo(summary.mean, 9);
          expect(variance / (varianceOf(summary) || 1)).toBeCloseTo(varianceOf(summary) === 0 ? 0 : 1, 9);
        }
        for (const [name, keys] of Object.entries(ours.histogram)) {
          expect(
            Object.fromEntries(Object.entries(merged.histogram[name]).map(([key, { total }]) => [key, total])),
          ).toEqual(Object.fromEntries(Object.entries(keys).map(([key, { total }]) => [key, total])));
        }
        expect(mergeStatistics(parts)).toEqual(merged);
      }),
      { numRuns: 20 },
    );
  });

  it('keep only the hosts of the most documents, those that came first of equal ones', () => {
    const hosts = ['b', 'a', 'c', 'a', 'd', 'c', 'a'].map((host, index) => ({
      id: String(index),
      text: 'x',
      url: `http://${host}.com/`,
      metadata: {},
    }));
    expect(Object.keys(statisticsOf(hosts, { topK: 3 }).fqdn.length)).toEqual(['a.com', 'c.com', 'b.com']);
    const merged = mergeStatistics([statisticsOf(hosts.slice(0, 3)), statisticsOf(hosts.slice(3))], 1);
    expect(Object.keys(merged.fqdn.length)).toEqual(['a.com']);
  });

  it('take the address from the metadata too, and live without one', () => {
    const { fqdn, suffix } = statisticsOf([
      { id: '1', text: '', metadata: { url: 'https://WWW.example.co.uk/' } },
      { id: '2', text: '', metadata: {} },
      { id: '3', text: '', url: 'not an address at all', metadata: {} },
    ]);
    expect(Object.keys(fqdn.length)).toEqual(['www.example.co.uk', '']);
    expect(Object.keys(suffix.length)).toEqual(['co.uk', '']);
  });

  it('of a language are the document’s score, or what is found', () => {
    const block = languageStats('en', (text) => text.length / 10);
    expect(block.measure({ id: '', text: 'abc', metadata: { language: 'en', language_score: 0.9 } })).toEqual({
      fasttext_en: 0.9,
    });
    expect(block.measure({ id: '', text: 'abc', metadata: { language: 'de', language_score: 0.9 } })).toEqual({
      fasttext_en: 0.3,
    });
  });

  it('count sentences of any language when nobody says how', () => {
    expect(sentenceStats().measure({ id: '', text: '今日は。雨です。Yes! No?', metadata: {} })).toMatchObject({
      n_sentences: 4,
    });
  });

  it('refuse groups that there are none of', () => {
    expect(() => new StatsCollector(blocks, { groups: ['domain' as 'fqdn'] })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});

describe('statsStep', () => {
  const context: StepContext = { count: () => {}, task: 0, record: 0, input: 'x' };

  it('goes on where it was from its state, and forgets on reset', () => {
    const step = () => statsStep(blocks, { groups });
    const whole = step();
    for (const document of fixture.documents) void whole.process(document, context);
    const first = step();
    for (const document of fixture.documents.slice(0, 10)) void first.process(document, context);
    const second = step();
    second.reset?.();
    second.restore?.(JSON.parse(JSON.stringify(first.state?.())));
    for (const document of fixture.documents.slice(10)) void second.process(document, context);
    expect(second.summary?.()).toEqual(whole.summary?.());
    second.reset?.();
    expect(second.summary?.()).toEqual({ statistics: {} });
  });

  it('leaves documents as they are, or notes the numbers', () => {
    const document = { id: '1', text: 'abc', metadata: { a: 1 } };
    expect(statsStep([documentStats()]).process(document, context)).toBe(document);
    expect(statsStep([documentStats()], { annotate: true }).process(document, context)).toMatchObject({
      metadata: { a: 1, length: 3, digit_ratio: 0 },
    });
  });
});

describe('writeStatistics', () => {
  it('writes datatrove’s files', () => {
    const two = [1, 3].map((size) => ({ id: String(size), text: 'x'.repeat(size), metadata: {} }));
    writeStatistics(folder, statisticsOf(two));
    writeStatistics(folder, statisticsOf(two.slice(1)), 7);
    const read = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown;
    expect(read('summary/length/metric.json')).toEqual({
      summary: { total: 4, n: 2, mean: 2, variance: 2, std_dev: Math.SQRT2, min: 1, max: 3 },
    });
    expect(read('histogram/length/00007.json')).toEqual({ 3: 1 });
  });
});

describe('Python’s ways', () => {
  it.each([
    [0.0625, 3, '0.062'],
    [0.1875, 3, '0.188'],
    [2.5, 0, '2.0'],
    [1, 3, '1.0'],
    [1 / 3, 3, '0.333'],
    [1234.5678, 2, '1234.57'],
  ])('of rounding %d to %d places', (value, digits, text) => {
    expect(roundedText(value, digits, false)).toBe(text);
    expect(roundedText(7, digits, true)).toBe('7');
  });

  it('of capitals', () => {
    expect(['ABC', 'A1-B', 'aB', '12', 'ΣΑΣ', 'ǅ'].map(isUpper)).toEqual([true, true, false, false, true, false]);
    expect(['Abc', "O'Neil", 'McDonald', 'abc', '1St', 'ǅabc', '12', 'Abc-Def'].map(isTitle)).toEqual([
      true,
      true,
      false,
      false,
      true,
      true,
      false,
      true,
    ]);
  });
});

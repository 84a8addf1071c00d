import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { snapshot, toLines, writeInputs } from './fixtures/near-copies.fixture.ts';
import { cutInputs } from './input-parts.ts';
import { runCli } from './run-cli.ts';
import { SentenceDeduplicator } from './sentence-deduplicator.ts';
import { SpanReader, hashSpans } from './span-stage.ts';

let folder: string;
const path = (...names: string[]) => join(folder, ...names);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'span-stage-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Documents of sentences that stand in others, of their own, and of none. */
const documents = Array.from({ length: 300 }, (_, index) => {
  const own = Array.from(
    { length: 1 + (index % 20) },
    (_, place) =>
      `Sentence ${'abcdefghij'[index % 10]}${place} has its own words ${(index * 31 + place).toString(26)}. `,
  );
  return {
    id: `d${index}`,
    text:
      index % 50 === 7
        ? ''
        : `${own.join('')}${index % 3 === 0 ? 'One stands here. Two follows it. Three is last.' : ''}`,
  };
});

describe('hashSpans', () => {
  it('leaves for each document what the deduplicator looks up, over all parts', async () => {
    const huge = { text: Array.from({ length: 6000 }, (_, place) => `S${place.toString(26)}. `).join('') };
    const texts = [...documents.slice(0, 200), huge, ...documents.slice(200)].map(({ text }) => text);
    writeFileSync(path('in.jsonl'), `broken\n\n${toLines(texts.map((text) => ({ text })))}`);
    const parts = cutInputs([path('in.jsonl')], 9000);
    const inputs = [{ path: path('in.jsonl'), output: 'in.jsonl' }];
    const settings = { folder, inputs, parts, textKey: 'text', idKey: 'id', longestLine: 2 ** 26 };
    for (const rank of parts.keys()) await hashSpans({ command: 'sentences', settings }, rank, () => {});
    const reader = new SpanReader(settings);
    const deduplicator = new SentenceDeduplicator();
    for (const text of texts) expect(reader.next().join()).toBe(deduplicator.spanHashes(text).join());
    expect(() => reader.next()).toThrow('the inputs have more documents than when they were first read');
    reader.close();
  });
});

describe('smol-dedup sentences', () => {
  it('writes the same bytes for any number of workers', async () => {
    const inputs = writeInputs(folder, documents);
    const results = [];
    for (const workers of ['1', '2', '7']) {
      const out = path(`out-${workers}`);
      const streams = { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() };
      const args = ['sentences', ...inputs, '-o', out, '--workers', workers, '-q'];
      expect(await runCli(args, streams)).toBe(0);
      const files = Object.entries(snapshot(out)).filter(([file]) => !file.startsWith('stages'));
      results.push(Object.fromEntries(files));
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
    expect(Object.keys(results[0])).toHaveLength(7);
  });
});

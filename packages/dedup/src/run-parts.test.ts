import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dedupe } from './dedupe.ts';
import { explainDocument } from './explain-document.ts';
import { makeDocuments, snapshot, toLines } from './fixtures/near-copies.fixture.ts';
import { minHashFiles } from './minhash-files.ts';

let folder: string;
const path = (...names: string[]) => join(folder, ...names);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dedup-parts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What people get, without the stage files, which know about the parts. */
const results = (name: string) =>
  Object.fromEntries(Object.entries(snapshot(path(name))).filter(([file]) => !file.startsWith('stages')));

describe('one large file', () => {
  it('is read in parts by all workers, with the same results', { tags: ['slow'] }, async () => {
    writeFileSync(path('in.jsonl'), toLines(makeDocuments(600)));
    const options = { inputs: [path('in.jsonl')], bands: 6, clusterIds: true };
    await minHashFiles({ ...options, folder: path('whole') });
    for (const workers of [1, 2, 7]) {
      const folder = path(`parts-${workers}`);
      await minHashFiles({ ...options, folder, partBytes: 30_000, workers });
      expect(results(`parts-${workers}`)).toEqual(results('whole'));
      expect(snapshot(folder)).toEqual(snapshot(path('parts-1')));
    }
    const names = Object.keys(snapshot(path('parts-1')));
    expect(names.filter((name) => name.endsWith('.ids')).length).toBeGreaterThan(7);
  });

  it('has its lines numbered as if it were whole: in names of documents without one, and in problems', async () => {
    const documents = makeDocuments(200).map(({ text }) => ({ text }));
    const lines = toLines(documents).split('\n');
    lines[150] = 'broken';
    writeFileSync(path('in.jsonl'), lines.join('\n'));
    const report = await minHashFiles({ inputs: [path('in.jsonl')], folder: path('out'), bands: 3, partBytes: 5000 });
    expect(report.inputs[0].problems).toEqual([{ line: 151, problem: 'not JSON' }]);
    const named = lines.flatMap((line, index) =>
      line === '' || line === 'broken' ? [] : [{ id: `${path('in.jsonl')}:${index + 1}`, text: documents[index].text }],
    );
    const { removed } = dedupe(named, { exact: false, near: { bands: 3 } });
    const twins = readFileSync(path('out', 'removed', 'in.jsonl'), 'utf8').match(/(?<="duplicate_of":")[^"]*/g);
    expect(twins).toEqual(removed.map(({ duplicateOf }) => duplicateOf));
    expect(removed.length).toBeGreaterThan(20);
  });
});

describe('cluster numbers and weights', () => {
  it('stand in the metadata where they are asked for, as datatrove and FineWeb2 have them', async () => {
    const [one, two] = makeDocuments(2).map(({ text }) => text);
    const records = [one, one, two, one, one, one].map((text, index) => ({
      id: `${index}`,
      text,
      metadata: { a: index },
    }));
    writeFileSync(path('in.jsonl'), toLines(records));
    await minHashFiles({ inputs: [path('in.jsonl')], folder: path('out'), clusterIds: true, rehydration: true });
    expect(readFileSync(path('out', 'kept', 'in.jsonl'), 'utf8')).toBe(
      `{"id":"0","text":"${one}","metadata":{"a":0,"minhash_cluster_id":0,"minhash_cluster_size":5,"rehydration_weight":5}}\n` +
        `{"id":"2","text":"${two}","metadata":{"a":2,"minhash_cluster_id":-1,"minhash_cluster_size":1,"rehydration_weight":1}}\n`,
    );
    expect(readFileSync(path('out', 'removed', 'in.jsonl'), 'utf8').split('\n')[0]).toContain(
      '"duplicate_of":"0","minhash_cluster_id":0,"minhash_cluster_size":5}',
    );
  });
});

describe('explainDocument', () => {
  it('shows by way of which others a document came into the cluster of the one that is kept', async () => {
    const words = Array.from(
      { length: 120 },
      (_, index) =>
        `w${String.fromCharCode(97 + (index % 26))}${String.fromCharCode(97 + ((index * 7) % 26))}x${String.fromCharCode(97 + Math.floor(index / 26))}`,
    );
    const fresh = (place: number) =>
      `n${String.fromCharCode(97 + (place % 26))}e${String.fromCharCode(97 + Math.floor(place / 26))}`;
    // Each has ten words more changed than the one before, so that the ends have next to nothing in common.
    const chain = Array.from({ length: 12 }, (_, step) => ({
      id: `step${step}`,
      text: words.map((word, place) => (place < 10 * step ? fresh(place) : word)).join(' '),
    }));
    writeFileSync(path('in.jsonl'), toLines(chain));
    const { counts } = await minHashFiles({ inputs: [path('in.jsonl')], folder: path('out'), bands: 40, rows: 3 });
    expect(counts).toMatchObject({ kept: 1, removed: 11, clusters: 1 });
    const explanation = await explainDocument(path('out'), 'step11');
    expect(explanation).toMatchObject({ duplicateOf: 'step0', bands: [] });
    const links = explanation.chain!;
    expect(links.length).toBeGreaterThan(1);
    expect(links.at(-1)!.id).toBe('step0');
    for (const { bands, jaccard, sharedText } of links) {
      expect(bands.length).toBeGreaterThan(0);
      expect(jaccard).toBeGreaterThan(0.1);
      expect(sharedText).not.toBe(null);
    }
    rmSync(path('out', 'stages'), { recursive: true });
    expect((await explainDocument(path('out'), 'step11')).chain).toBe(null);
  });
});

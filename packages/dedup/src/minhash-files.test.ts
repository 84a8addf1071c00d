import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dedupe } from './dedupe.ts';
import { WINDOWS } from './fixtures/lorem.fixture.ts';
import { makeDocuments, snapshot, toLines, writeInputs } from './fixtures/near-copies.fixture.ts';
import { matchProbability } from './match-probability.ts';
import { minHashFiles } from './minhash-files.ts';
import { saveMinHashIndex } from './minhash-index.ts';
import { STAGES } from './stage-settings.ts';

let folder: string;
const path = (...names: string[]) => join(folder, ...names);
const idsIn = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { id: string }).id);

/** Documents of which many are near duplicates of others, spread over three files. */
function makeInputs(count = 300) {
  const documents = makeDocuments(count);
  return { inputs: writeInputs(folder, documents), documents };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'minhash-files-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('minHashFiles', () => {
  it('finds the six clusters of datatrove’s test text', async () => {
    writeFileSync(path('windows.jsonl'), toLines(WINDOWS));
    const report = await minHashFiles({ inputs: [path('windows.jsonl')], folder: path('out'), preset: 'fineweb' });
    expect(idsIn(path('out', 'kept', 'windows.jsonl'))).toEqual(
      [0, 3, 5, 10, 14, 15].map((index) => WINDOWS[index].id),
    );
    expect(report.counts).toMatchObject({ read: 16, documents: 16, kept: 6, removed: 10, clusters: 4 });
    expect(report.clusterSizes).toEqual({ 2: 1, 3: 1, 4: 1, 5: 1 });
    const [first] = WINDOWS.slice(5);
    const ids = WINDOWS.slice(5, 10).map(({ id }) => id);
    expect(report.largestClusters[0]).toEqual({ size: 5, ids, text: first.text.slice(0, 200) });
    expect(report.removedByKind).toEqual({ near_duplicate: 10, near_duplicate_of_index: 0 });
    expect(JSON.parse(readFileSync(path('out', 'report.json'), 'utf8'))).toMatchObject({ counts: report.counts });
  });

  it.each(['fineweb', 'fineweb2', 'finepdfs'] as const)('keeps what dedupe() keeps in memory (%s)', async (preset) => {
    const { inputs, documents } = makeInputs();
    const report = await minHashFiles({ inputs, folder: path('out'), preset });
    const { kept, counts } = dedupe(documents, { exact: false, near: preset });
    const names = ['a.jsonl', 'c.jsonl'].map((name) => idsIn(path('out', 'kept', name)));
    const middle = gunzipSync(readFileSync(path('out', 'kept', 'b.jsonl.gz'))).toString();
    writeFileSync(path('middle'), middle);
    expect([...names[0], ...idsIn(path('middle')), ...names[1]]).toEqual(kept.map((index) => documents[index].id));
    expect(report.counts).toMatchObject({
      kept: counts.kept,
      removed: counts.removed.near,
      clusters: counts.clusters,
      tooShort: counts.tooShort,
    });
    expect(counts.removed.near).toBeGreaterThan(100);
  });

  it('names for each removed document the one that is kept', async () => {
    const { inputs, documents } = makeInputs();
    await minHashFiles({ inputs, folder: path('out') });
    const twins = new Map(dedupe(documents, { exact: false }).removed.map(({ id, duplicateOf }) => [id, duplicateOf]));
    const removed = readFileSync(path('out', 'removed', 'c.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    for (const line of removed) {
      const { id, metadata } = JSON.parse(line) as { id: string; metadata: object };
      expect(metadata).toEqual({ filter_reason: 'near_duplicate', duplicate_of: twins.get(id) });
    }
  });

  it('gives the same bytes for 1, 2 and 7 workers and for little memory', { tags: ['slow'] }, async () => {
    const { inputs } = makeInputs(3600);
    await minHashFiles({ inputs, folder: path('one'), bands: 6 });
    const variants = { two: { workers: 2 }, seven: { workers: 7 }, little: { bufferBytes: 340_000 } };
    for (const [name, options] of Object.entries(variants)) {
      await minHashFiles({ inputs, folder: path(name), bands: 6, ...options });
      expect(snapshot(path(name))).toEqual(snapshot(path('one')));
    }
  });

  it('makes a stage file again that is cut short, changed or missing, and says which', async () => {
    const { inputs } = makeInputs();
    await minHashFiles({ inputs, folder: path('out') });
    const before = snapshot(path('out'));
    const damaged = [
      ['stages', 'signatures', 'bucket_003', '00001.minhash.sig'],
      ['stages', 'buckets', '00002_00.dups'],
      ['stages', 'clusters', '000001.remove'],
      ['stages', 'done', 'filtering-00000.json'],
      ['kept', 'c.jsonl'],
    ].map((names) => path('out', ...names));
    truncateSync(damaged[0], statSync(damaged[0]).size - 1);
    for (const file of damaged.slice(1, 4)) {
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1] ^= 1;
      writeFileSync(file, bytes);
    }
    rmSync(damaged[4]);
    const messages: string[] = [];
    await minHashFiles({ inputs, folder: path('out'), onDamage: (message) => messages.push(message) });
    expect(messages.map((message) => message.split(':')[0])).toEqual(damaged);
    expect(snapshot(path('out'))).toEqual(before);
  });

  it.each(STAGES)('ends with the same bytes after SIGKILL in the stage of %s', { tags: ['slow'] }, async (stage) => {
    const { inputs } = makeInputs(1800);
    await minHashFiles({ inputs, folder: path('whole') });
    const before = STAGES[STAGES.indexOf(stage) - 1];
    const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
    const child = spawn(process.execPath, [program, 'minhash', ...inputs, '-o', path('out'), '--workers', '2', '-q']);
    const ended = once(child, 'exit');
    const sign = before ? path('out', 'stages', 'done', `${before}-00000.json`) : path('out', 'stages', 'signatures');
    while (!existsSync(sign) && child.exitCode === null) await setTimeout(1);
    child.kill('SIGKILL');
    await ended;
    expect(existsSync(path('out', 'report.json'))).toBe(false);
    await minHashFiles({ inputs, folder: path('out'), workers: 2 });
    expect(snapshot(path('out'))).toEqual(snapshot(path('whole')));
  });

  it('finds planted near duplicates as often as 1 − (1 − s^r)^b says', { tags: ['slow'] }, async () => {
    const pairs = 400;
    const size = 204;
    const settings = { bands: 10, rows: 4 };
    for (const replaced of [10, 20, 30]) {
      // Shingles of one word: sets of 204 words of which `replaced` differ have a Jaccard similarity known exactly.
      const similarity = (size - replaced) / (size + replaced);
      const word = (pair: number, place: number) =>
        `w${((pair * size + place) * 2 + 1).toString(26).replace(/\d/g, (digit) => 'QRSTUVWXYZ'[Number(digit)])}e`;
      const documents = Array.from({ length: pairs }, (_, pair) => {
        const first = Array.from({ length: size }, (_, place) => word(pair, place));
        const second = first.map((text, place) => (place < replaced ? `${text}x` : text));
        return [first, second].map((words, copy) => ({ id: `${pair}_${copy}`, text: words.join(' ') }));
      }).flat();
      writeFileSync(path('in.jsonl'), toLines(documents));
      const out = path(`out${replaced}`);
      const { counts } = await minHashFiles({ inputs: [path('in.jsonl')], folder: out, shingleSize: 1, ...settings });
      const expected = matchProbability(similarity, settings);
      const deviation = Math.sqrt((expected * (1 - expected)) / pairs);
      expect(Math.abs(counts.removed / pairs - expected)).toBeLessThan(4 * deviation + 1 / pairs);
      expect(counts.kept + counts.removed).toBe(counts.read);
    }
  });

  it('puts many equal documents into one cluster', async () => {
    writeFileSync(
      path('same.jsonl'),
      toLines(Array.from({ length: 20_000 }, () => ({ text: 'one two three four five' }))),
    );
    const report = await minHashFiles({ inputs: [path('same.jsonl')], folder: path('out') });
    expect(report.counts).toMatchObject({ kept: 1, removed: 19_999, clusters: 1 });
    expect(report.clusterSizes).toEqual({ 20000: 1 });
  });

  it('does nothing again that is done', async () => {
    const { inputs } = makeInputs();
    await minHashFiles({ inputs, folder: path('out') });
    const signatures = path('out', 'stages', 'signatures', 'bucket_000', '00000.minhash.sig');
    const written = statSync(signatures).mtimeMs;
    rmSync(path('out', 'stages', 'done', 'filtering-00000.json'));
    await minHashFiles({ inputs, folder: path('out') });
    expect(statSync(signatures).mtimeMs).toBe(written);
  });

  it('keeps other fields byte for byte, and counts and names lines that are no documents', async () => {
    const odd = Buffer.concat([
      Buffer.from('{ "n":1.0, "text":"caf'),
      Buffer.from([0xe9]),
      Buffer.from(' and more", "id":"\\u0041" }\r'),
    ]);
    const content = Buffer.concat([
      odd,
      Buffer.from(`\n\n{"text":\n{"text":1}\n{"text":""}\n{"text":"${'x'.repeat(3000)}"}\nnull`),
    ]);
    writeFileSync(path('in.jsonl'), content);
    const report = await minHashFiles({ inputs: [path('in.jsonl')], folder: path('out'), longestLine: 2000 });
    expect(readFileSync(path('out', 'kept', 'in.jsonl'))).toEqual(Buffer.concat([odd, Buffer.from('\n{"text":""}\n')]));
    expect(report.counts).toMatchObject({ read: 6, documents: 1, empty: 1, broken: 4, invalidUtf8: 1, kept: 2 });
    expect(report.inputs[0].problems).toEqual([
      { line: 3, problem: 'not JSON' },
      { line: 4, problem: 'no string under "text"' },
      { line: 6, problem: 'line too long' },
      { line: 7, problem: 'no string under "text"' },
    ]);
  });

  it('leaves out what resembles documents of an earlier run', async () => {
    writeFileSync(path('old.jsonl'), toLines(WINDOWS.slice(0, 5)));
    writeFileSync(path('new.jsonl'), toLines([WINDOWS[6], WINDOWS[1], WINDOWS[7], WINDOWS[4], WINDOWS[15]]));
    await minHashFiles({ inputs: [path('old.jsonl')], folder: path('old') });
    saveMinHashIndex(path('old'), path('index'));
    for (const representative of ['first', 'datatrove'] as const) {
      const folder = path(representative);
      const options = { inputs: [path('new.jsonl')], folder, indexes: [path('index')], representative };
      const { counts } = await minHashFiles(options);
      expect(idsIn(join(folder, 'kept', 'new.jsonl'))).toEqual([WINDOWS[6].id, WINDOWS[15].id]);
      expect(counts).toMatchObject({ kept: 2, removed: 3 });
      const reasons = readFileSync(join(folder, 'removed', 'new.jsonl'), 'utf8').match(/"filter_reason":"\w+"/g);
      const [fromIndex, amongThem] = ['near_duplicate_of_index', 'near_duplicate'];
      expect(reasons).toEqual([fromIndex, amongThem, fromIndex].map((reason) => `"filter_reason":"${reason}"`));
    }
  });

  it('refuses an index of other settings, or one that is damaged', async () => {
    writeFileSync(path('old.jsonl'), toLines(WINDOWS));
    await minHashFiles({ inputs: [path('old.jsonl')], folder: path('old') });
    saveMinHashIndex(path('old'), path('index'));
    const options = { inputs: [path('old.jsonl')], folder: path('new'), indexes: [path('index')] };
    await expect(minHashFiles({ ...options, preset: 'fineweb' })).rejects.toMatchObject({ code: 'SIGNATURE_MISMATCH' });
    truncateSync(path('index', 'bucket_003', 'signatures.minhash.index'), 64);
    await expect(minHashFiles(options)).rejects.toMatchObject({ code: 'DAMAGED_STAGE_FILE' });
    expect(() => saveMinHashIndex(path('index'), path('other'))).toThrow('give the folder of a finished run');
  });

  it('reads text and id under other keys', async () => {
    const records = [0, 1].map((index) => ({ url: `u${index}`, content: WINDOWS[0].text }));
    writeFileSync(path('in.jsonl'), toLines(records));
    await minHashFiles({ inputs: [path('in.jsonl')], folder: path('out'), textKey: 'content', idKey: 'url' });
    expect(readFileSync(path('out', 'removed', 'in.jsonl'), 'utf8')).toContain('"duplicate_of":"u0"');
  });

  it('refuses another run’s folder, files it would write over, and too little memory', async () => {
    const { inputs } = makeInputs();
    await minHashFiles({ inputs, folder: path('out') });
    await expect(minHashFiles({ inputs, folder: path('out'), bands: 3 })).rejects.toMatchObject({
      code: 'RUN_MISMATCH',
    });
    const kept = path('out', 'kept', 'a.jsonl');
    await expect(minHashFiles({ inputs: [kept], folder: path('out') })).rejects.toMatchObject({
      code: 'OUTPUT_IS_INPUT',
    });
    rmSync(path('out', 'stages'), { recursive: true });
    await expect(minHashFiles({ inputs, folder: path('out') })).rejects.toMatchObject({ code: 'OUTPUT_IS_INPUT' });
    await expect(minHashFiles({ inputs, folder: path('x'), memory: 1000 })).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
    });
    writeFileSync(path('a.csv'), '');
    await expect(minHashFiles({ inputs: [path('a.csv')], folder: path('y') })).rejects.toThrow(/is no \.jsonl/);
    await expect(minHashFiles({ inputs: [path('none')], folder: path('y') })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
  });

  it('takes an empty input', async () => {
    writeFileSync(path('empty.jsonl'), '');
    const report = await minHashFiles({ inputs: [path('empty.jsonl')], folder: path('out') });
    expect(report.counts).toMatchObject({ read: 0, kept: 0, removed: 0, clusters: 0 });
    expect(readFileSync(path('out', 'kept', 'empty.jsonl'), 'utf8')).toBe('');
  });
});

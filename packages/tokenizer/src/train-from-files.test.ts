import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { speeches } from './fixtures/corpora.ts';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import { readChunks } from './text-files.ts';
import { trainBpe } from './train-bpe.ts';
import { trainFromFiles } from './train-from-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

const options = { vocabularySize: 900, pattern: 'llama3' } as const;

async function files(): Promise<string[]> {
  const [text, ...documents] = corpus.texts;
  const paths = ['a.txt', 'b.jsonl', 'c.jsonl.gz', 'd.txt.gz'].map((name) => join(folder, name));
  const lines = (texts: string[]): string => texts.map((line) => `${JSON.stringify({ text: line })}\n`).join('');
  await writeFile(paths[0], text);
  await writeFile(paths[1], lines(documents.slice(0, 2)));
  await writeFile(paths[2], gzipSync(lines(documents.slice(2))));
  await writeFile(paths[3], gzipSync('once more: déjà vu'));
  return paths;
}

const slow = { tags: ['slow'], timeout: 60_000 };

describe('trainFromFiles', () => {
  it('learns from files what trainBpe learns from their texts', async () => {
    const expected = (await trainBpe([...corpus.texts, 'once more: déjà vu'], options)).toJson();
    expect((await trainFromFiles(await files(), { ...options, workers: 1 })).toJson()).toEqual(expected);
  });

  it('learns the same with any number of workers, in memory and through files of counts', async () => {
    const paths = await files();
    const alone = (await trainFromFiles(paths, { ...options, workers: 1 })).toJson();
    const temporaryFolder = folder;
    for (const workers of [2, 3]) {
      expect((await trainFromFiles(paths, { ...options, workers })).toJson()).toEqual(alone);
    }
    const small = { ...options, memory: 300_000, temporaryFolder };
    const limited = (await trainFromFiles(paths, { ...small, workers: 1 })).toJson();
    expect(limited).not.toEqual(alone);
    for (const workers of [2, 3])
      expect((await trainFromFiles(paths, { ...small, workers })).toJson()).toEqual(limited);
    expect((await readdir(folder)).filter((name) => name.startsWith('smol-words'))).toEqual([]);
  });

  it('learns the same when counts go to files of which all words fit', async () => {
    const paths = await files();
    const text = corpus.texts.join('\n').repeat(30);
    await writeFile(
      paths[0],
      Array.from({ length: 40_000 }, (_, index) => `w${index % 7919}\n${text[index]}`).join(' '),
    );
    const alone = (await trainFromFiles(paths, { ...options, workers: 1 })).toJson();
    const spilling = { ...options, memory: 2_500_000 };
    expect((await trainFromFiles(paths, { ...spilling, workers: 8 })).toJson()).toEqual(alone);
  });

  it('learns the same on threads, which help with more than 16 million characters', slow, async () => {
    const path = join(folder, 'speeches.txt');
    const text = speeches().join('\n');
    await writeFile(path, `${text}\n${text.toLowerCase()}`);
    const large = { vocabularySize: 2000, temporaryFolder: folder };
    const alone = (await trainFromFiles([path], { ...large, workers: 1 })).toJson();
    expect((await trainFromFiles([path], { ...large, workers: 3 })).toJson()).toEqual(alone);
    expect((await trainFromFiles([path], { ...large, workers: 2, memory: 2 ** 25 })).toJson()).toEqual(alone);
    const small = { ...large, memory: 2 ** 21 };
    const limited = (await trainFromFiles([path], { ...small, workers: 1 })).toJson();
    expect(limited).not.toEqual(alone);
    expect((await trainFromFiles([path], { ...small, workers: 2 })).toJson()).toEqual(limited);
    expect((await readdir(folder)).filter((name) => name.startsWith('smol-words'))).toEqual([]);
  });

  it('reads standard input, and reports progress', async () => {
    const seen: string[] = [];
    const stdin = Readable.from([Buffer.from('aa '), Buffer.from('aa aa')]);
    const onProgress = ({ stage, done }: { stage: string; done: number }): unknown => seen.push(`${stage} ${done}`);
    const tokenizer = await trainFromFiles(['-'], { vocabularySize: 258, workers: 1, stdin, onProgress });
    expect(tokenizer.idToToken(257)).toBe('aa');
    expect(seen).toEqual(['counting 1', 'merging 258']);
  });

  it.each([1, 2])('names the file and the line that are wrong (%d workers)', async (workers) => {
    const path = join(folder, 'bad.jsonl');
    await writeFile(path, '{"text":"a"}\n{"text":1}\n');
    await expect(trainFromFiles([path], { ...options, workers })).rejects.toThrow(
      `${path}, line 2: has no string field`,
    );
    await expect(trainFromFiles([join(folder, 'no.txt')], { ...options, workers })).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    });
    await writeFile(join(folder, 'cut.gz'), gzipSync('some text that is long enough').subarray(0, 20));
    await expect(trainFromFiles([join(folder, 'cut.gz')], { ...options, workers })).rejects.toThrow('cut.gz: ');
  });

  it('refuses numbers of workers that make no sense', async () => {
    await expect(trainFromFiles([], { ...options, workers: 0 })).rejects.toThrow('workers must be an integer');
  });
});

describe('readChunks', () => {
  it('cuts a long text where no piece is cut, and loses nothing', async () => {
    const path = join(folder, 'long.txt');
    const text = `${corpus.texts.join('\n')}\n`.repeat(200);
    await writeFile(path, text);
    const parts: string[] = [];
    for await (const chunk of readChunks([path])) parts.push(chunk.text);
    expect(parts.length).toBeGreaterThan(2);
    expect(parts.join('') === text).toBe(true);
    for (const pattern of ['gpt2', 'llama3', 'o200k'] as const) {
      const whole = await trainBpe([text], { vocabularySize: 400, pattern });
      expect((await trainBpe(parts, { vocabularySize: 400, pattern })).toJson()).toEqual(whole.toJson());
    }
  });

  it('cuts a text without line ends too', async () => {
    const path = join(folder, 'long.txt');
    await writeFile(path, '😀'.repeat(9e6));
    const parts: string[] = [];
    for await (const chunk of readChunks([path])) parts.push(chunk.text);
    expect(parts.length).toBe(2);
    expect(parts.every((part) => /^(?:😀)*$/u.test(part.slice(0, 100)) && part.length % 2 === 0)).toBe(true);
  });
});

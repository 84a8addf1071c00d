import { existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatasetError } from './dataset-error.ts';
import { makeShard, temporaryFolder } from './fixtures/counting-shards.ts';
import oracle from './fixtures/datatrove.json' with { type: 'json' };
import { ShardWriter } from './shard-writer.ts';
import { TokenShard } from './token-shard.ts';

const folder = temporaryFolder();
let shardNumber = 0;
const freshPath = () => join(folder, `shard-${shardNumber++}.ds`);

describe('a token shard', () => {
  it('is byte for byte what datatrove writes', async () => {
    const path = freshPath();
    const writer = new ShardWriter(path, { tokenSize: 2, tokenizer: oracle.tokenizer });
    let start = 0;
    for (const end of oracle.documentEnds) {
      writer.append(oracle.tokens.slice(start, end));
      start = end;
    }
    await writer.close();
    expect(readFileSync(path).toString('base64')).toBe(oracle.dsBase64);
    expect(readFileSync(`${path}.index`).toString('base64')).toBe(oracle.indexBase64);
    expect(readFileSync(`${path}.metadata`, 'utf8')).toBe(oracle.metadata);
  });

  it('gives back the documents that were written, in both token sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(2 as const, 4 as const),
        fc.array(fc.array(fc.nat(65_535), { minLength: 1, maxLength: 30 }), { maxLength: 20 }),
        async (tokenSize, documents) => {
          const path = freshPath();
          const writer = new ShardWriter(path, { tokenSize, tokenizer: 'test' });
          for (const document of documents) writer.append(Uint32Array.from(document));
          const metadata = await writer.close();
          const shard = TokenShard.open(path);
          expect(shard.metadata).toEqual(metadata);
          expect(documents.map((_, index) => [...shard.readDocument(index)])).toEqual(documents);
          expect([...shard.read(0, shard.tokenCount)]).toEqual(documents.flat());
          shard.close();
        },
      ),
      { numRuns: 30 },
    );
  });

  it('lists the document starts strictly inside a window', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 1500 }),
        fc.nat(4000),
        fc.nat(4000),
        async (lengths, first, second) => {
          const shard = await makeShard(
            freshPath(),
            lengths.map((length) => Array.from({ length }, () => 7)),
          );
          const [start, end] = [first, second].map((token) => token % shard.tokenCount).sort((a, b) => a - b);
          const starts = lengths.map((_, index) => lengths.slice(0, index).reduce((sum, length) => sum + length, 0));
          expect(shard.documentStartsBetween(start, end)).toEqual(starts.filter((at) => at > start && at < end));
          shard.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  it('can be read while hundreds of others are open', async () => {
    const shards = [];
    for (let index = 0; index < 300; index++) shards.push(await makeShard(freshPath(), [[index, 1]]));
    for (let round = 0; round < 2; round++) {
      expect(shards.map((shard) => shard.read(0, 1)[0])).toEqual(shards.map((_, index) => index));
    }
    const descriptors = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0;
    expect(descriptors).toBeLessThan(250);
  });
});

describe('ShardWriter', () => {
  it('shows nothing under the final name before it is closed, and nothing at all after abort', async () => {
    const inside = join(folder, 'unfinished');
    const writer = new ShardWriter(join(inside, 'a.ds'), { tokenSize: 2, tokenizer: 'test' });
    writer.append([1, 2]);
    expect(existsSync(join(inside, 'a.ds'))).toBe(false);
    writer.abort();
    expect(readdirSync(inside)).toEqual([]);
  });

  it.each([[[65_536]], [[-1]], [[1.5]], [[Number.NaN]], [[]]])('refuses the document %j', (document) => {
    const writer = new ShardWriter(freshPath(), { tokenSize: 2, tokenizer: 'test' });
    expect(() => writer.append(document)).toThrow(expect.objectContaining({ code: 'INVALID_TOKEN' }));
    writer.abort();
  });

  it('names the path when it cannot write', () => {
    const blocker = join(folder, 'a-file');
    writeFileSync(blocker, '');
    const open = () => new ShardWriter(join(blocker, 'a.ds'), { tokenSize: 2, tokenizer: 'test' });
    expect(open).toThrow(expect.objectContaining({ code: 'WRITE_FAILED', message: expect.stringContaining(blocker) }));
  });

  it('leaves no part behind when the last step fails', async () => {
    const path = join(folder, 'in-the-way', 'a.ds');
    mkdirSync(`${path}.metadata`, { recursive: true });
    writeFileSync(join(`${path}.metadata`, 'in the way'), '');
    const writer = new ShardWriter(path, { tokenSize: 2, tokenizer: 'test' });
    writer.append([1]);
    await expect(writer.close()).rejects.toThrow(expect.objectContaining({ code: 'WRITE_FAILED' }));
    expect(readdirSync(dirname(path))).toEqual(['a.ds.metadata']);
  });

  it('refuses bad options', () => {
    expect(() => new ShardWriter('/tmp/a.bin', { tokenSize: 2, tokenizer: 'x' })).toThrow('NAME.ds');
    expect(() => new ShardWriter('a.ds', { tokenSize: 3 as 2, tokenizer: 'x' })).toThrow('must be 2 or 4');
    expect(() => new ShardWriter('a.ds', { tokenSize: 2, tokenizer: 'x\ny' })).toThrow('one line');
  });
});

describe('TokenShard.open', () => {
  const damage: [string, (path: string) => void][] = [
    ['has no tokens file', (path) => unlinkSync(path)],
    ['has no index', (path) => unlinkSync(`${path}.index`)],
    ['has no metadata', (path) => unlinkSync(`${path}.metadata`)],
    ['is cut off', (path) => truncateSync(path, 3)],
    ['has an index that is cut off', (path) => truncateSync(`${path}.index`, 12)],
    ['has an index that misses documents', (path) => truncateSync(`${path}.index`, 8)],
    ['has an empty index', (path) => truncateSync(`${path}.index`, 0)],
    ['has ends beyond the file', (path) => writeFileSync(`${path}.index`, Buffer.alloc(16, 0xff))],
    ['has huge metadata', (path) => writeFileSync(`${path}.metadata`, Buffer.alloc(1 << 20))],
    ['is a folder', (path) => (unlinkSync(path), mkdirSync(path))],
  ];

  it.each(damage)('refuses a shard that %s, by name', async (_, spoil) => {
    const path = freshPath();
    (
      await makeShard(path, [
        [1, 2, 3],
        [4, 5],
      ])
    ).close();
    spoil(path);
    const open = () => TokenShard.open(path);
    expect(open).toThrow(DatasetError);
    expect(open).toThrow(path);
  });

  it('refuses document ends that go backwards when they are read', async () => {
    const path = freshPath();
    const shard = await makeShard(path, [[1], [2], [3]]);
    writeFileSync(`${path}.index`, Buffer.from(BigUint64Array.from([2n, 1n, 3n]).buffer));
    expect(() => shard.documentStartsBetween(0, 3)).toThrow('out of order');
  });

  it('says so when a file shrinks while it is in use', async () => {
    const path = freshPath();
    const shard = await makeShard(path, [[1, 2, 3]]);
    truncateSync(path, 2);
    expect(() => shard.read(0, 3)).toThrow(expect.objectContaining({ code: 'READ_FAILED' }));
  });

  it('refuses to read outside of itself', async () => {
    const shard = await makeShard(freshPath(), [[1, 2, 3]]);
    expect(() => shard.read(2, 2)).toThrow('has tokens 0 to 3, asked for 2 from 2');
    expect(() => shard.read(-1, 1)).toThrow(DatasetError);
    expect(() => shard.documentEnd(1)).toThrow('has 1 documents, asked for 1');
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trainBpe } from '@smol/tokenizer';
import { encodeFile } from '@smol/tokenizer/node';
import { expect, it } from 'vitest';
import { temporaryFolder } from './fixtures/counting-shards.ts';
import { ShardWriter } from './shard-writer.ts';
import { TokenShard } from './token-shard.ts';

it('takes what @smol/tokenizer encodes: a file goes straight to a shard, a document at a time', async () => {
  const folder = temporaryFolder();
  const texts = ['the cat sat on the mat', '', 'the dog 😀'];
  const tokenizer = await trainBpe(texts, { vocabularySize: 270 });
  writeFileSync(join(folder, 'a.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));

  const path = join(folder, 'a.ds');
  const writer = new ShardWriter(path, { tokenSize: 2, tokenizer: 'cats' });
  const totals = await encodeFile(tokenizer, join(folder, 'a.jsonl'), writer, { workers: 1 });
  await writer.close();

  const shard = TokenShard.open(path);
  expect([shard.documentCount, shard.tokenCount]).toEqual([totals.documents, totals.tokens]);
  expect(tokenizer.decode(shard.read(0, shard.tokenCount))).toBe(texts.map((text) => `${text}<|endoftext|>`).join(''));
});

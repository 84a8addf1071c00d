import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Document, Drop } from './document.ts';
import { isDrop } from './document.ts';
import { readPart } from './fixtures/read-part.ts';
import { temporaryFolder } from './fixtures/temporary-folder.ts';
import { jsonlReader } from './read-jsonl.ts';
import { loadZstandard, zstdFrame } from './zstandard.ts';

const folder = temporaryFolder();
const path = join(folder, 'input');
const LINES = [
  '{"id":"a","text":"a"}',
  '{"text":"no id"}',
  '',
  'damaged',
  '{"text":5}',
  `{"text":"${'long '.repeat(60)}"}`,
];
const compressions: Record<string, (text: Buffer) => Uint8Array> = {
  plain: (text) => text,
  gzip: (text) => gzipSync(text),
  zstd: (text) => zstdFrame(text),
};

beforeAll(loadZstandard);

/** Messages name the line where its number is known, which depends on the split. */
const withoutMessage = ({ item }: { item: Document | Drop }) =>
  isDrop(item) ? { drop: item.drop, value: item.value } : item;

const blocks = fc.array(fc.array(fc.constantFrom(...LINES), { maxLength: 6 }), { maxLength: 8 });
const options = { maximumLineBytes: 200 };

describe.each(Object.entries(compressions))('a %s file', (_, compress) => {
  const fileOf = (parts: string[][], endsInLine: boolean) => {
    const texts = parts.map((lines) => lines.map((line) => `${line}\n`).join(''));
    const last = texts.length - 1;
    return Buffer.concat(
      texts.map((text, index) => compress(Buffer.from(index === last && !endsInLine ? text.trimEnd() : text))),
    );
  };

  it('gives the same when it is read in parts, whatever their size', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.boolean(), fc.integer({ min: 1, max: 400 }), async (parts, endsInLine, bytes) => {
        writeFileSync(path, fileOf(parts, endsInLine));
        const read = jsonlReader(options);
        const whole = await readPart(read, path);
        const splits = await read.splits!(path, { bytes });
        expect(splits.length).toBeGreaterThan(0);
        const together = [];
        for (const split of splits) together.push(...(await readPart(read, path, split)));
        expect(together.map(withoutMessage)).toEqual(whole.map(withoutMessage));
      }),
      { numRuns: 60 },
    );
  });

  it('can be read again from every position that was told', async () => {
    await fc.assert(
      fc.asyncProperty(blocks, fc.nat(400), async (parts, bytes) => {
        writeFileSync(path, fileOf(parts, true));
        const read = jsonlReader(options);
        for (const split of await read.splits!(path, { bytes: bytes + 50 })) {
          const whole = await readPart(read, path, split);
          for (const [index, { position }] of whole.entries()) {
            expect(await readPart(read, path, split, position)).toEqual(whole.slice(index));
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('splits', () => {
  it('are as many as it takes, of about the size asked for', async () => {
    const block = `${LINES[0]}\n`.repeat(100);
    writeFileSync(path, block.repeat(50));
    expect((await jsonlReader().splits!(path, { bytes: block.length * 10 })).length).toBe(5);
    const member = gzipSync(block);
    writeFileSync(path, Buffer.concat(Array.from({ length: 50 }, () => member)));
    const cuts = await jsonlReader().splits!(path, { bytes: member.length * 10 });
    expect(cuts.map(({ start }) => start % member.length)).toEqual(cuts.map(() => 0));
    expect(cuts.length).toBe(5);
  });

  it('pass over damaged members, whose damage is counted once', async () => {
    const members = Array.from({ length: 6 }, (_, index) => gzipSync(`{"text":"${index} ${'x'.repeat(index)}"}\n`));
    members[2].fill(0, 12, 20);
    writeFileSync(path, Buffer.concat(members));
    const read = jsonlReader();
    for (const bytes of [1, 40, 100, 150]) {
      const items = [];
      for (const split of await read.splits!(path, { bytes })) items.push(...(await readPart(read, path, split)));
      expect(items.filter(({ item }) => isDrop(item)).length).toBe(1);
      expect(items.length).toBe(6);
    }
  });

  it('are not made of a file of which only some documents are read', async () => {
    writeFileSync(path, `${LINES[0]}\n`.repeat(10));
    const read = jsonlReader({ skip: 2, limit: 3 });
    expect(read.splits).toBeUndefined();
    const all = await readPart(read, path);
    expect(all.length).toBe(3);
    expect(await readPart(read, path, undefined, all[1].position)).toEqual(all.slice(1));
  });
});

describe('a line of 100 MB', () => {
  it(
    'is read where it is allowed, passed over where not, and begins in one part only',
    { tags: ['slow'] },
    async () => {
      const long = 100 * 2 ** 20;
      const text = Buffer.concat([
        Buffer.from('{"text":"a"}\n{"text":"'),
        Buffer.alloc(long, 0x78),
        Buffer.from('"}\n{"text":"b"}\n'),
      ]);
      writeFileSync(path, text);
      const before = process.memoryUsage.rss();
      const read = jsonlReader();
      const items = [];
      for (const split of await read.splits!(path, { bytes: 2 ** 24 }))
        items.push(...(await readPart(read, path, split)));
      expect(items.map(({ item }) => (isDrop(item) ? item.drop : item.text))).toEqual(['a', 'line_too_long', 'b']);
      expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 2 ** 20);
      const [, { item }] = await readPart(jsonlReader({ maximumLineBytes: 2 * long }), path, undefined);
      expect((item as Document).text.length).toBe(long);
    },
  );
});

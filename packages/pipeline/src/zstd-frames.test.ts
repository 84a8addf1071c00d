import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compress } from '@bokuweb/zstd-wasm';
import { Decompress, decompress } from 'fzstd';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { collect, temporaryFolder } from './fixtures/temporary-folder.ts';
import { readJsonl } from './read-jsonl.ts';
import type { Damage } from './read-jsonl.ts';
import { loadZstandard, zstdFrame } from './zstandard.ts';

const folder = temporaryFolder();
const path = join(folder, 'a.jsonl.zst');

beforeAll(loadZstandard);

async function readAll(bytes: Uint8Array, maximumLineBytes?: number) {
  writeFileSync(path, bytes);
  const damage: Damage[] = [];
  const documents = await collect(readJsonl(path, { maximumLineBytes, onDamage: (part) => damage.push(part) }));
  return { texts: documents.map(({ text }) => text), damage };
}

const recordOf = (text: string) => Buffer.from(`${JSON.stringify({ text })}\n`);

/** The frame without the length of its text, as tools write it that do not know it beforehand. */
function withoutLength(frame: Uint8Array): Buffer {
  const descriptor = frame[4];
  const sizeBytes = [1, 2, 4, 8][descriptor >> 6];
  const window = 10 << 3; // 2^(10 + 10): 1 MiB
  const start = Buffer.from([...frame.subarray(0, 4), descriptor & 0x04, window]);
  return Buffer.concat([start, frame.subarray(5 + sizeBytes)]);
}

describe('a zstd file', () => {
  it('is read whichever way its frames are written', async () => {
    const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const long = 'a b '.repeat(100_000);
    const frames = [
      zstdFrame(recordOf('one')),
      skippable,
      compress(Buffer.from(recordOf('two')), 3),
      withoutLength(zstdFrame(recordOf(long))),
      withoutLength(zstdFrame(Buffer.from('\n'))),
    ];
    const { texts, damage } = await readAll(Buffer.concat(frames));
    expect(texts).toEqual(['one', 'two', long]);
    expect(damage).toEqual([]);
  });

  it('that we write is read by others, who check its checksum', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(Buffer.from(decompress(zstdFrame(bytes)))).toEqual(Buffer.from(bytes));
      }),
    );
    const parts: Uint8Array[] = [];
    new Decompress((part) => parts.push(part)).push(zstdFrame(recordOf('streamed')), true);
    expect(Buffer.concat(parts)).toEqual(recordOf('streamed'));
  });

  it('never lets a changed byte through, nor costs more than one frame', async () => {
    const frames = ['one', 'two', 'three', 'four'].map((text) => zstdFrame(recordOf(`${text} ${text} ${text}`)));
    const streamed = frames.map(withoutLength);
    const expected = (await readAll(Buffer.concat(frames))).texts;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(frames, streamed),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (parts, at, change) => {
          const changed = Buffer.concat(parts);
          const position = 2 + (at % (changed.length - 2));
          changed[position] ^= change;
          const { texts, damage } = await readAll(changed);
          expect(expected).toEqual(expect.arrayContaining(texts));
          expect(texts.length).toBeGreaterThanOrEqual(3);
          expect(texts.length === 4 || damage.length > 0).toBe(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('cut anywhere keeps its whole frames and reports the cut', async () => {
    const frames = ['one', 'two', 'three'].map((text) => zstdFrame(recordOf(text)));
    const whole = Buffer.concat(frames);
    const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length);
    for (let length = 2; length < whole.length; length++) {
      const { texts, damage } = await readAll(whole.subarray(0, length));
      expect(texts.length).toBe(ends.filter((end) => end <= length).length);
      expect(damage.length > 0).toBe(!ends.includes(length));
    }
  });

  it('survives garbage of any kind', async () => {
    const good = zstdFrame(recordOf('good'));
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        const { texts } = await readAll(Buffer.concat([good, good.subarray(0, 4), bytes, good]));
        expect(texts.length).toBeGreaterThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });

  it('that asks for a window of gigabytes is refused, and one that unpacks to gigabytes does not fill the memory', async () => {
    const greedy = Buffer.from([...zstdFrame(recordOf('x')).subarray(0, 4), 0, 31 << 3, 1, 0, 0]);
    const { texts, damage } = await readAll(Buffer.concat([greedy, zstdFrame(recordOf('after'))]));
    expect([texts, damage.length]).toEqual([['after'], 1]);
    expect(damage[0].message).toContain('needs a window of');

    // A frame of blocks that each repeat one byte 128 KiB times: four bytes a block.
    const block = (isLast: number) => [
      ((131072 << 3) | 2 | isLast) & 0xff,
      ((131072 << 3) >> 8) & 0xff,
      (131072 << 3) >> 16,
      0x61,
    ];
    const blocks = Array.from({ length: 4096 }, (_, index) => block(index === 4095 ? 1 : 0)).flat();
    const bomb = Buffer.from([...zstdFrame(recordOf('x')).subarray(0, 4), 0, 10 << 3, ...blocks]);
    const before = process.memoryUsage.rss();
    const after = Buffer.concat([bomb, zstdFrame(Buffer.concat([Buffer.from('\n'), recordOf('after')]))]);
    const read = await readAll(after, 1024 * 1024);
    expect(read.texts).toEqual(['after']);
    expect(read.damage.map(({ reason }) => reason)).toEqual(['line_too_long']);
    expect(process.memoryUsage.rss() - before).toBeLessThan(200 * 1024 * 1024);
  });
});

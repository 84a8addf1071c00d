import fc from 'fast-check';
import { mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeGguf, encodeGguf, ggufToFloat32, WeightsError } from './index.ts';
import type { GgufMetadata, GgufTensorInput, GgufValue } from './index.ts';
import { GgufFile, readGguf, writeGguf } from './node.ts';

const METADATA: GgufMetadata = new Map<string, GgufValue>([
  ['general.architecture', { type: 'string', value: 'llama' }],
  ['a.bool', { type: 'bool', value: true }],
  ['a.i8', { type: 'i8', value: -5 }],
  ['a.u16', { type: 'u16', value: 65_535 }],
  ['a.i64', { type: 'i64', value: -(2 ** 40) }],
  ['a.f64', { type: 'f64', value: 0.1 }],
  ['a.words', { type: 'string', list: ['naïve', '', '😀'] }],
  ['a.numbers', { type: 'i32', list: [1, -2, 3] }],
]);

const TENSORS = new Map<string, GgufTensorInput>([
  ['first', { type: 'F32', shape: [3], data: Float32Array.of(1, 2, 3) }],
  ['second', { type: 'Q8_0', shape: [2, 32], data: new Float32Array(64).fill(0.5) }],
  ['third', { type: 'F16', shape: [1, 1, 5], data: Float32Array.of(1, 2, 3, 4, 5) }],
]);

const file = encodeGguf(METADATA, TENSORS);

/** The file with some bytes replaced, found by the text before them. */
function changed(after: string, offset: number, bytes: number[]): Uint8Array {
  const copy = file.slice();
  const place = Buffer.from(copy.buffer).indexOf(after) + Buffer.byteLength(after) + offset;
  copy.set(bytes, place);
  return copy;
}

const u64 = (value: bigint): number[] => [...new Uint8Array(BigUint64Array.of(value).buffer)];

/** Code and message of the refusal. */
function refusal(bytes: Uint8Array): string {
  try {
    decodeGguf(bytes, 'x.gguf');
  } catch (error) {
    if (error instanceof WeightsError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('decodeGguf', () => {
  it('reads what encodeGguf wrote', () => {
    const { metadata, tensors } = decodeGguf(file);
    expect(metadata).toEqual(METADATA);
    expect([...tensors].map(([name, { type, shape }]) => [name, type, shape])).toEqual([
      ['first', 'F32', [3]],
      ['second', 'Q8_0', [2, 32]],
      ['third', 'F16', [1, 1, 5]],
    ]);
    expect([...ggufToFloat32(tensors.get('third')!)]).toEqual([1, 2, 3, 4, 5]);
    expect([...ggufToFloat32(tensors.get('second')!)].every((value) => Math.abs(value - 0.5) < 1e-4)).toBe(true);
  });

  it('keeps metadata and tensors of any kind', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }).map((text): GgufValue => ({ type: 'string', value: text })),
      fc.maxSafeInteger().map((number): GgufValue => ({ type: 'i64', value: number })),
      fc.array(fc.integer({ min: 0, max: 255 })).map((list): GgufValue => ({ type: 'u8', list })),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), value),
        fc.uint8Array({ minLength: 1 }),
        (keys, data) => {
          const metadata = new Map(Object.entries(keys).filter(([key]) => key !== 'general.alignment'));
          const decoded = decodeGguf(
            encodeGguf(metadata, new Map([['t', { type: 'I8', shape: [data.length], data }]])),
          );
          expect(decoded.metadata).toEqual(metadata);
          expect(decoded.tensors.get('t')!.data).toEqual(data);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([
    [
      'another file',
      Uint8Array.from(Buffer.from('GGML is older than this')),
      'BAD_HEADER',
      'does not begin with "GGUF"',
    ],
    ['version 1', changed('GGUF', 0, [1, 0, 0, 0]), 'BAD_HEADER', 'version 1 is not supported'],
    ['2^62 tensors', changed('GGUF', 4, u64(2n ** 62n)), 'BAD_HEADER', 'beyond 2^53'],
    ['10^15 tensors', changed('GGUF', 4, u64(10n ** 15n)), 'TRUNCATED', '1000000000000000 tensors take at least'],
    ['10^15 keys', changed('GGUF', 12, u64(10n ** 15n)), 'TRUNCATED', '1000000000000000 keys'],
    [
      'a key of 10^12 bytes',
      changed('GGUF', 20, u64(10n ** 12n)),
      'TRUNCATED',
      'a text at byte 32 takes 1000000000000 bytes',
    ],
    [
      'a list of 10^12 words',
      changed('a.words', 8, u64(10n ** 12n)),
      'TRUNCATED',
      'key "a.words", a list of 1000000000000 values',
    ],
    ['a list of lists', changed('a.words', 4, [9, 0, 0, 0]), 'BAD_HEADER', 'lists of lists'],
    ['a value of type 77', changed('a.bool', 0, [77, 0, 0, 0]), 'BAD_HEADER', 'key "a.bool": 77 is no type'],
    ['a truth value of 2', changed('a.bool', 4, [2]), 'BAD_HEADER', 'must be 0 or 1, got 2'],
    ['a text that is not UTF-8', changed('a.words', 24, [0xff]), 'BAD_HEADER', 'is not UTF-8'],
    [
      'a tensor of type 99',
      changed('second', 20, [99, 0, 0, 0]),
      'UNSUPPORTED_DTYPE',
      'tensor "second": unknown or unsupported type 99',
    ],
    [
      'a tensor of 9 dimensions',
      changed('first', 0, [9, 0, 0, 0]),
      'BAD_TENSOR',
      'tensor "first": must have 1 to 4 dimensions, got 9',
    ],
    [
      'a tensor of no dimensions',
      changed('first', 0, [0, 0, 0, 0]),
      'BAD_TENSOR',
      'tensor "first": must have 1 to 4 dimensions, got 0',
    ],
    [
      'a size of 0',
      changed('first', 4, u64(0n)),
      'BAD_TENSOR',
      'tensor "first": a size in the shape must be a positive integer',
    ],
    [
      'a row of half a block',
      changed('second', 4, u64(48n)),
      'BAD_TENSOR',
      'tensor "second": rows of Q8_0 are multiples of 32',
    ],
    [
      'a tensor larger than any file',
      changed('first', 4, u64(2n ** 52n)),
      'BAD_TENSOR',
      'tensor "first": shape [4503599627370496] is larger',
    ],
    [
      'an overlap',
      changed('second', 24, u64(0n)),
      'BAD_TENSOR',
      'tensor "second": starts at byte 0 of the data, but must at 32',
    ],
    [
      'a gap',
      changed('second', 24, u64(64n)),
      'BAD_TENSOR',
      'tensor "second": starts at byte 64 of the data, but must at 32',
    ],
    [
      'an offset outside the file',
      changed('second', 24, u64(2n ** 50n)),
      'BAD_TENSOR',
      'tensor "second": starts at byte 1125899906842624',
    ],
    ['a larger tensor than the file', changed('third', 4, u64(2n ** 30n)), 'TRUNCATED', 'tensor "third": ends at byte'],
    [
      'bytes after the last tensor',
      Buffer.concat([file, Buffer.alloc(64)]),
      'BAD_HEADER',
      'bytes follow the last tensor',
    ],
  ])('refuses %s', (_, bytes, code, message) => {
    expect(refusal(bytes)).toContain(message);
    expect(refusal(bytes).startsWith(code)).toBe(true);
  });

  it('refuses a key, and a tensor, that occurs twice', () => {
    const twoKeys = encodeGguf(
      new Map([
        ['a', { type: 'u8', value: 1 }],
        ['b', { type: 'u8', value: 1 }],
      ]),
      new Map(),
    );
    twoKeys[Buffer.from(twoKeys.buffer, twoKeys.byteOffset).lastIndexOf('b')] = 'a'.charCodeAt(0);
    expect(refusal(twoKeys)).toContain('key "a" occurs twice');
    const tensor: GgufTensorInput = { type: 'F32', shape: [1], data: Float32Array.of(1) };
    const twoTensors = encodeGguf(
      new Map(),
      new Map([
        ['a', tensor],
        ['b', tensor],
      ]),
    );
    twoTensors[Buffer.from(twoTensors.buffer, twoTensors.byteOffset).lastIndexOf('b')] = 'a'.charCodeAt(0);
    expect(refusal(twoTensors)).toContain('tensor "a": occurs twice');
  });

  it.each([0, 7, 48, 2 ** 20])('refuses an alignment of %i', (value) => {
    const bytes = encodeGguf(new Map([['general.alignment', { type: 'u32', value }]]), new Map());
    expect(refusal(bytes)).toContain('must be a power of two');
  });

  it('refuses the file cut at any byte, and survives any byte changed', () => {
    for (let length = 0; length < file.length - 22; length += 3) {
      expect(refusal(file.subarray(0, length))).toMatch(/^TRUNCATED|^BAD_HEADER/);
    }
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.nat(255), (place, byte) => {
        const copy = file.slice();
        copy[place] = byte;
        refusal(copy);
      }),
      { numRuns: 500 },
    );
  });
});

describe('GgufFile', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'smol-gguf-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads single tensors, and metadata longer than its first look', async () => {
    const path = join(folder, 'x.gguf');
    const words = Array.from({ length: 200_000 }, (_, index) => `word ${index}`);
    await writeFile(path, encodeGguf(new Map(METADATA).set('a.words', { type: 'string', list: words }), TENSORS));
    const opened = await GgufFile.open(path);
    expect(opened.metadata.get('a.words')).toEqual({ type: 'string', list: words });
    expect([...ggufToFloat32(await opened.read('first'))]).toEqual([1, 2, 3]);
    await expect(opened.read('fourth')).rejects.toThrow(`${path}: has no tensor "fourth" among its 3`);
    await opened.close();
    expect((await readGguf(path)).tensors.size).toBe(3);
  });

  it('believes no length in a file: a small one that claims terabytes is refused without memory', async () => {
    const path = join(folder, 'x.gguf');
    await writeFile(path, changed('a.words', 8, u64(10n ** 12n)));
    const before = process.memoryUsage().arrayBuffers;
    await expect(GgufFile.open(path)).rejects.toMatchObject({ code: 'TRUNCATED' });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 22);
  });

  it('refuses a header that would not end, in a sparse file of 2 GiB', async () => {
    const path = join(folder, 'x.gguf');
    await writeFile(path, changed('GGUF', 20, u64(2n ** 30n)));
    await truncate(path, 2 ** 31);
    await expect(GgufFile.open(path)).rejects.toThrow('the header takes more than 536870912 bytes');
  });

  it('is written a tensor at a time, and not at all when one fails', async () => {
    const path = join(folder, 'x.gguf');
    let alive = 0;
    let most = 0;
    const source = (name: string, fails = false) => ({
      name,
      type: 'F32' as const,
      shape: [4],
      bytes: async () => {
        most = Math.max(most, ++alive);
        await Promise.resolve();
        alive--;
        if (fails) throw new Error('no more');
        return new Uint8Array(16);
      },
    });
    await writeGguf(
      path,
      METADATA,
      ['a', 'b', 'c'].map((name) => source(name)),
    );
    expect([most, (await readGguf(path)).tensors.size]).toEqual([1, 3]);
    await expect(writeGguf(join(folder, 'y.gguf'), METADATA, [source('a'), source('b', true)])).rejects.toThrow(
      'no more',
    );
    expect(await readdir(folder)).toEqual(['x.gguf']);
  });

  it('says so when the file shrinks after it was opened', async () => {
    const path = join(folder, 'x.gguf');
    await writeFile(path, file);
    const opened = await GgufFile.open(path);
    const handle = await open(path, 'r+');
    await handle.truncate(100);
    await handle.close();
    await expect(opened.read('third')).rejects.toMatchObject({ code: 'TRUNCATED' });
    await opened.close();
  });
});

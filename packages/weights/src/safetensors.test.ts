import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toFloat32 } from './convert.ts';
import reference from './fixtures/reference.json' with { type: 'json' };
import { decodeSafetensors, encodeSafetensors } from './safetensors.ts';
import type { NamedTensor, TensorInput } from './tensor.ts';

const referenceFile = new Uint8Array(Buffer.from(reference.file, 'base64'));

/** A file with any header and `payloadBytes` zeros. */
function fileWith(header: string | object, payloadBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + payloadBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

describe('encodeSafetensors', () => {
  it('writes the very bytes that the reference implementation writes', () => {
    const { tensors, metadata } = decodeSafetensors(referenceFile);
    const shuffled = new Map([...tensors].reverse());
    expect(Buffer.from(encodeSafetensors(shuffled, metadata)).equals(referenceFile)).toBe(true);
  });

  it('gives f32 data back after any number of tensors of any shape', () => {
    const tensor = fc
      .array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })
      .chain((shape) =>
        fc.record({ shape: fc.constant(shape), data: fc.float32Array(lengthOf(shape.reduce((a, b) => a * b, 1))) }),
      );
    const name = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.array(fc.tuple(name, tensor), { maxLength: 8 }), (entries) => {
        const tensors = new Map<string, TensorInput>(entries);
        const decoded = decodeSafetensors(encodeSafetensors(tensors)).tensors;
        expect(decoded.size).toBe(tensors.size);
        for (const [key, { shape, data }] of tensors) {
          const stored = decoded.get(key);
          expect(stored?.shape).toEqual(shape);
          expect(stored && toFloat32(stored)).toEqual(data);
        }
      }),
    );
  });

  it('pads the header with spaces to a multiple of 8', () => {
    const file = encodeSafetensors({ x: { shape: [1], data: Float32Array.of(1) } });
    const length = new DataView(file.buffer).getUint32(0, true);
    expect(length % 8).toBe(0);
    expect(new TextDecoder().decode(file.subarray(8, 8 + length))).toBe(
      '{"__metadata__":{"format":"pt"},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   ',
    );
  });

  it('stores f32 as BF16 or F16 when asked, and reads it back', () => {
    const data = Float32Array.of(1, -2.5, 1e-3, 65504);
    for (const dtype of ['BF16', 'F16', 'F64', 'F32'] as const) {
      const stored = decodeSafetensors(encodeSafetensors({ x: { shape: [4], data, dtype } })).tensors.get('x');
      expect(stored?.dtype).toBe(dtype);
      const values = toFloat32(stored as NamedTensor);
      for (const [index, value] of values.entries()) expect(Math.abs(value / data[index] - 1)).toBeLessThan(2 ** -8);
    }
  });

  it('stores integers under their own types', () => {
    const file = encodeSafetensors({
      ids: { shape: [2], data: BigInt64Array.of(-1n, 5n) },
      counts: { shape: [2], data: Int32Array.of(-7, 8) },
    });
    const { tensors } = decodeSafetensors(file);
    expect([...tensors].map(([name, { dtype }]) => [name, dtype])).toEqual([
      ['ids', 'I64'],
      ['counts', 'I32'],
    ]);
    expect(toFloat32(tensors.get('ids') as NamedTensor)).toEqual(Float32Array.of(-1, 5));
    expect(toFloat32(tensors.get('counts') as NamedTensor)).toEqual(Float32Array.of(-7, 8));
  });

  it('refuses data that does not fill its shape, and conversions that lose what the data is', () => {
    expect(() => encodeSafetensors({ x: { shape: [3], data: new Float32Array(2) } })).toThrow(
      'tensor "x": shape [3] of F32 takes 12 bytes, but the data has 8',
    );
    expect(() => encodeSafetensors({ x: { shape: [1], data: new Int32Array(1), dtype: 'F16' } })).toThrow(
      'cannot store a Int32Array as F16',
    );
    expect(() => encodeSafetensors({ x: { shape: [-1], data: new Float32Array(1) } })).toThrow('non-negative integer');
    expect(() => encodeSafetensors({ __metadata__: { shape: [1], data: new Float32Array(1) } })).toThrow(
      'cannot be named',
    );
  });
});

describe('decodeSafetensors', () => {
  it('reads a file of the reference implementation', () => {
    const { tensors, metadata } = decodeSafetensors(referenceFile);
    expect(metadata).toEqual({ format: 'pt' });
    const ranges = [...tensors].filter(([name]) => /^model\.layers\.\d+\.[^B]/.test(name));
    expect(ranges).toHaveLength(11);
    for (const [, tensor] of ranges) expect(toFloat32(tensor)).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5));
    expect([...toFloat32(tensors.get('"quoted" \\ naïve 😀') as NamedTensor)]).toEqual([-0, 65504, Math.fround(1e-8)]);
    expect(tensors.get('scalar')?.shape).toEqual([]);
    expect(tensors.get('empty')?.data.length).toBe(0);
  });

  it('refuses the file cut at any byte', () => {
    for (let length = 0; length < referenceFile.length; length++) {
      expect(() => decodeSafetensors(referenceFile.subarray(0, length), 'cut.safetensors')).toThrow(
        /^cut\.safetensors/,
      );
    }
  });

  it('never throws anything but a WeightsError, whatever byte is changed', () => {
    const headerBytes = 8 + new DataView(referenceFile.buffer).getUint32(0, true);
    fc.assert(
      fc.property(fc.nat(headerBytes - 1), fc.nat(255), (position, value) => {
        const damaged = referenceFile.slice();
        damaged[position] = value;
        expect(outcome(() => decodeSafetensors(damaged))).toMatch(/^(fine|WeightsError)$/);
      }),
      { numRuns: 2000 },
    );
  });

  const f32 = (shape: unknown, offsets: unknown): object => ({ dtype: 'F32', shape, data_offsets: offsets });
  it.each([
    ['JSON that is cut', '{"a":', 0, 'BAD_HEADER', 'not JSON'],
    ['a header that is no object', '[1]', 0, 'BAD_HEADER', 'must be a JSON object'],
    ['a header that begins with a space', ' {}', 0, 'BAD_HEADER', 'must be a JSON object'],
    ['a name that occurs twice', '{"a":{},"\\u0061":{}}', 0, 'BAD_HEADER', '"a" occurs twice'],
    ['a tensor that is null', { a: null }, 0, 'UNSUPPORTED_DTYPE', 'tensor "a"'],
    ['an unknown dtype', { a: { dtype: 'F4', shape: [], data_offsets: [0, 4] } }, 4, 'UNSUPPORTED_DTYPE', '"F4"'],
    [
      'a dtype named like a method',
      { a: { dtype: 'toString', shape: [], data_offsets: [0, 4] } },
      4,
      'UNSUPPORTED_DTYPE',
      'toString',
    ],
    ['a negative size', { a: f32([-1], [0, 4]) }, 4, 'BAD_TENSOR', 'non-negative'],
    ['a fractional size', { a: f32([1.5], [0, 6]) }, 6, 'BAD_TENSOR', 'non-negative'],
    ['a shape that overflows', { a: f32([2 ** 30, 2 ** 30], [0, 4]) }, 4, 'BAD_TENSOR', 'larger than any file'],
    ['a shape that is no array', { a: f32('4', [0, 4]) }, 4, 'BAD_TENSOR', 'shape must be an array'],
    ['offsets that disagree with the shape', { a: f32([2], [0, 4]) }, 4, 'BAD_TENSOR', 'takes 8 bytes'],
    ['offsets that run backwards', { a: f32([1], [4, 0]) }, 4, 'BAD_TENSOR', 'begin <= end'],
    ['three offsets', { a: f32([1], [0, 4, 8]) }, 4, 'BAD_TENSOR', 'begin <= end'],
    [
      'a gap between tensors',
      { a: f32([1], [0, 4]), b: f32([1], [8, 12]) },
      12,
      'BAD_TENSOR',
      'tensor before it ends at 4',
    ],
    ['tensors that overlap', { a: f32([2], [0, 8]), b: f32([1], [4, 8]) }, 8, 'BAD_TENSOR', 'starts at byte 4'],
    ['a tensor past the end', { a: f32([2], [0, 8]) }, 4, 'TRUNCATED', 'ends at byte 8'],
    ['bytes after the last tensor', { a: f32([1], [0, 4]) }, 5, 'BAD_HEADER', '1 bytes follow'],
    ['metadata that is not strings', { __metadata__: { step: 3 } }, 0, 'BAD_HEADER', 'must map strings to strings'],
  ])('refuses %s', (_, header, payloadBytes, code, message) => {
    const attempt = (): unknown => decodeSafetensors(fileWith(header, payloadBytes), 'x.safetensors');
    expect(attempt).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
    expect(attempt).toThrow(/^x\.safetensors/);
  });

  it('refuses a header length that no file can have before reserving memory for it', () => {
    const file = new Uint8Array(16).fill(0xff);
    expect(() => decodeSafetensors(file)).toThrow('is this a safetensors file?');
  });

  it('reads tensors in the order of their places, not of their names in the header', () => {
    const file = fileWith({ late: f32([1], [4, 8]), early: f32([1], [0, 4]) }, 8);
    expect([...decodeSafetensors(file).tensors.keys()]).toEqual(['early', 'late']);
  });

  it('reads tensors that are not aligned', () => {
    const file = fileWith('{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} ', 4);
    new DataView(file.buffer).setFloat32(file.length - 4, 0.75, true);
    const unaligned = new Uint8Array(file.length + 1).subarray(1);
    unaligned.set(file);
    for (const bytes of [file, unaligned]) {
      const { tensors } = decodeSafetensors(bytes);
      expect([...toFloat32(tensors.get('x') as NamedTensor)]).toEqual([0.75]);
    }
  });
});

function lengthOf(length: number): { minLength: number; maxLength: number; noNaN: boolean } {
  return { minLength: length, maxLength: length, noNaN: true };
}

function outcome(attempt: () => unknown): string {
  try {
    attempt();
    return 'fine';
  } catch (error) {
    return (error as Error).name;
  }
}

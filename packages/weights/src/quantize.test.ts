import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import fixture from './fixtures/gguf.json' with { type: 'json' };
import { dequantize, ggmlBytes, quantize, quantizeTensors, tensorType } from './index.ts';
import type { QuantizationType } from './index.ts';

const decode = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));
const floats = (text: string): Float32Array => new Float32Array(decode(text).buffer);

/** √(Σ(x − x̂)² / Σx²) after storing 4096 bell-shaped numbers. */
function relativeError(type: QuantizationType): number {
  let state = 1;
  const values = Float32Array.from({ length: 4096 }, () => {
    let sum = 0;
    for (let term = 0; term < 6; term++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      sum += state / 2 ** 32 - 0.5;
    }
    return sum;
  });
  return quantizeTensors(new Map([['w', { shape: [16, 256], data: values }]]), type).errors[0].relativeError;
}

describe('quantize', () => {
  const values = floats(fixture.values);

  it.each(Object.entries(fixture.quantized) as [QuantizationType, string][])(
    'makes the bytes of %s that gguf-py makes',
    (type, expected) => {
      expect(quantize(values, [2, 256], type)).toEqual(decode(expected));
    },
  );

  it('reads Q4_K as gguf-py does', () => {
    expect([...dequantize(decode(fixture.q4kBlocks), [3, 256], 'Q4_K')]).toEqual([...floats(fixture.q4kValues)]);
  });

  it('loses what the bits allow: bell-shaped weights within these relative errors', () => {
    const errors = (['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_K'] as const).map((type) => relativeError(type));
    const limits = [0, 3e-4, 2.5e-3, 0.006, 0.09, 0.075];
    expect(errors.map((error, index) => error <= limits[index])).toEqual(limits.map(() => true));
    // Q4_K has as many bits as Q4_0 and uses them better.
    expect(errors[5]).toBeLessThan(errors[4]);
  });

  it.each(['Q8_0', 'Q4_0', 'Q4_K'] as const)('changes %s no more when it is stored again', (type) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 256, maxLength: 256 }), (numbers) => {
        const once = dequantize(
          quantize(
            Float32Array.from(numbers, (n) => n / 64),
            [256],
            type,
          ),
          [256],
          type,
        );
        const twice = dequantize(quantize(once, [256], type), [256], type);
        const scale = Math.max(1e-9, ...once.map(Math.abs));
        const limit = type === 'Q4_K' ? 0.03 : 1e-3;
        expect(Math.max(...once.map((value, index) => Math.abs(value - twice[index]))) / scale).toBeLessThan(limit);
      }),
      { numRuns: 30 },
    );
  });

  it.each(['Q8_0', 'Q4_0', 'Q4_K'] as const)('keeps blocks of zeros and of one number in %s', (type) => {
    for (const constant of [0, 0.5, -0.5]) {
      const stored = dequantize(quantize(new Float32Array(256).fill(constant), [256], type), [256], type);
      expect(Math.max(...stored.map((value) => Math.abs(value - constant)))).toBeLessThan(0.004);
    }
  });

  it('refuses numbers without a place, rows that are no whole number of blocks, and other lengths', () => {
    const spoiled = new Float32Array(32).fill(1);
    spoiled[7] = NaN;
    expect(() => quantize(spoiled, [32], 'Q8_0', 'w')).toThrow('tensor "w": element 7 is NaN');
    expect(() => quantize(new Float32Array(96), [2, 48], 'Q8_0', 'w')).toThrow(
      'multiples of 32 elements, got rows of 48',
    );
    expect(() => quantize(new Float32Array(31), [32], 'Q4_0', 'w')).toThrow('has 32 elements, but the data 31');
    expect(() => dequantize(new Uint8Array(33), [32], 'Q8_0', 'w')).toThrow('takes 34 bytes, but the data has 33');
    expect(() => dequantize(new Uint8Array(210), [256], 'Q6_K', 'w')).toThrow('cannot compute with Q6_K');
    expect(() => ggmlBytes('F32', [2 ** 40, 2 ** 40], 'w')).toThrow('larger than any file');
  });
});

describe('tensorType', () => {
  it.each([
    ['model.norm.weight', [256], 'Q4_K', 'F32'],
    ['model.layers.0.mlp.up_proj.weight', [1, 256], 'Q4_K', 'Q4_K'],
    ['model.layers.0.mlp.up_proj.weight', [1, 576], 'Q4_K', 'Q8_0'],
    ['model.layers.0.mlp.up_proj.weight', [1, 40], 'Q4_0', 'F16'],
    ['model.embed_tokens.weight', [9, 256], 'Q4_0', 'Q8_0'],
    ['blk.0.attn_output.weight', [9, 256], 'Q4_0', 'Q4_0'],
    ['output.weight', [9, 256], 'Q4_K', 'Q8_0'],
    ['model.embed_tokens.weight', [9, 256], 'BF16', 'BF16'],
  ] as const)('%s [%j] in %s is stored as %s', (name, shape, wanted, expected) => {
    expect(tensorType(name, shape, wanted)).toBe(expected);
  });
});

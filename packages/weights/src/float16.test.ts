import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import reference from './fixtures/reference.json' with { type: 'json' };
import { bfloat16FromFloat32Bits, float16FromFloat32Bits, float16ToNumber } from './float16.ts';

const bitsOf = (value: number): number => new Uint32Array(new Float32Array([value]).buffer)[0];

describe('16-bit floating-point formats', () => {
  it('round f32 to F16 as NumPy does', () => {
    expect(reference.float32Bits.map(float16FromFloat32Bits)).toEqual(reference.float16Bits);
  });

  it('round f32 to BF16 as ml_dtypes does', () => {
    expect(reference.float32Bits.map(bfloat16FromFloat32Bits)).toEqual(reference.bfloat16Bits);
  });

  it('keep NaN a NaN', () => {
    for (const bits of [0x7f800001, 0x7fc00000, 0xffffffff, 0xff800001]) {
      expect(float16ToNumber(float16FromFloat32Bits(bits))).toBeNaN();
      expect(bfloat16FromFloat32Bits(bits) & 0x7fff).toBeGreaterThan(0x7f80);
    }
  });

  it('give every F16 pattern back', () => {
    const patterns = [...Array(0x10000).keys()].filter((bits) => !Number.isNaN(float16ToNumber(bits)));
    expect(patterns.map((bits) => float16FromFloat32Bits(bitsOf(float16ToNumber(bits))))).toEqual(patterns);
  });

  it('never move a number past its neighbours', () => {
    const float = fc.float({ noNaN: true });
    fc.assert(
      fc.property(float, float, (a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const round = (value: number): number => float16ToNumber(float16FromFloat32Bits(bitsOf(value)));
        expect(round(low)).toBeLessThanOrEqual(round(high));
      }),
    );
  });
});

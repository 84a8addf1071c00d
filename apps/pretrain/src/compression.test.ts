import { describe, expect, it } from 'vitest';
import { RandomStream } from '@smol/random';
import { compressorBitsPerByte } from './compression.ts';

describe('compressorBitsPerByte', () => {
  it('is about 8 for random bytes that are one character each, and near 0 for repeats', () => {
    const random = new RandomStream(1, 'letters');
    const letters = Array.from({ length: 50_000 }, (_, index) => String.fromCharCode(random.integer(index, 128))).join(
      '',
    );
    expect(compressorBitsPerByte(letters).gzip).toBeCloseTo(7, 0);
    expect(compressorBitsPerByte(letters).brotli).toBeCloseTo(7, 0);
    expect(compressorBitsPerByte('a'.repeat(100_000)).gzip).toBeLessThan(0.02);
  });
});

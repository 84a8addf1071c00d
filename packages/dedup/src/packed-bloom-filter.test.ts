import { describe, expect, it } from 'vitest';
import { PackedBloomFilter } from './packed-bloom-filter.ts';

const keys = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe('PackedBloomFilter', () => {
  it('never misses a key that was added', () => {
    const filter = new PackedBloomFilter({ capacity: 1000, falsePositiveRate: 0.1 });
    const added = keys('https://example.org/', 20_000);
    for (const key of added) filter.add(key);
    expect(added.every((key) => filter.has(key) && !filter.add(key))).toBe(true);
  });

  it.each([0.1, 0.01, 0.001, 0.0001])(
    'keeps the rate that was asked for, and says which it has reached (%d)',
    (asked) => {
      const capacity = 100_000;
      const filter = new PackedBloomFilter({ capacity, falsePositiveRate: asked });
      for (const key of keys('known ', capacity)) filter.add(key);
      const unknown = keys('unknown ', 400_000);
      const measured = unknown.filter((key) => filter.has(key)).length / unknown.length;
      const deviation = Math.sqrt(asked / unknown.length);
      expect(measured).toBeLessThan(asked + 4 * deviation);
      expect(filter.falsePositiveRate()).toBeLessThan(asked * 1.15);
      expect(Math.abs(measured - filter.falsePositiveRate())).toBeLessThan(0.1 * asked + 4 * deviation);
    },
  );

  it('tells keys apart that differ in one character', () => {
    const filter = new PackedBloomFilter({ capacity: 1000, falsePositiveRate: 1e-6 });
    for (const key of ['', 'a', 'aa', 'ab', 'ba', 'é', '漢字', '字漢', '\0', '\0\0', 'x'.repeat(10_000)]) {
      expect(filter.has(key)).toBe(false);
      expect(filter.add(key)).toBe(true);
    }
  });

  it('is empty at first', () => {
    expect(new PackedBloomFilter({ capacity: 1 }).falsePositiveRate()).toBe(0);
  });

  it('takes 64 bytes at least, and little more than the bits a key needs', () => {
    expect(new PackedBloomFilter({ capacity: 1 }).bytes).toBe(64);
    expect((8 * new PackedBloomFilter({ capacity: 1_000_000 }).bytes) / 1_000_000).toBeLessThan(17);
  });

  it.each([
    [{ capacity: 0 }, 'capacity must be a positive integer'],
    [{ capacity: 10, falsePositiveRate: 1 }, 'falsePositiveRate must be in (0, 1)'],
    [{ capacity: 10, falsePositiveRate: 1e-30 }, 'is too small'],
    [{ capacity: 1e12 }, 'the most is 4294967296'],
  ])('refuses %j', (options, message) => {
    expect(() => new PackedBloomFilter(options)).toThrow(message);
  });
});

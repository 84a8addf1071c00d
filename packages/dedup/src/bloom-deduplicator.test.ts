import bloomFilters from 'bloom-filters';
import { describe, expect, it } from 'vitest';
import { BloomDeduplicator } from './bloom-deduplicator.ts';
import type { BloomState } from './bloom-deduplicator.ts';

const document = (index: number) => ({ id: `${index}`, text: `text number ${index}` });
const indices = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);

describe('BloomDeduplicator', () => {
  it('never misses a repeat and takes few new texts for one, far beyond what was planned for', () => {
    const seen = new BloomDeduplicator({ expectedDocuments: 500, falsePositiveRate: 0.02 });
    const falsePositives = indices(0, 4000).filter((index) => !seen.add(document(index))).length;
    expect(indices(0, 4000).filter((index) => seen.add(document(index)))).toEqual([]);
    // At most 80 are expected; 120 is more than four standard deviations away.
    expect(falsePositives).toBeLessThan(120);
  });

  it('goes on from saved JSON as if nothing had happened', () => {
    const whole = new BloomDeduplicator({ expectedDocuments: 100 });
    const verdicts = indices(0, 300).map((index) => whole.add(document(index % 200)));
    const first = new BloomDeduplicator({ expectedDocuments: 100 });
    const before = indices(0, 150).map((index) => first.add(document(index % 200)));
    const saved = JSON.stringify(first);
    const second = BloomDeduplicator.fromJSON(JSON.parse(saved) as BloomState);
    const after = indices(150, 150).map((index) => second.add(document(index % 200)));
    expect([...before, ...after]).toEqual(verdicts);
    expect(JSON.stringify(second)).toBe(JSON.stringify(whole));
  });

  it("saves filters in the bloom-filters package's own format", () => {
    const seen = new BloomDeduplicator({ expectedDocuments: 100 });
    seen.add(document(1));
    const [filter] = seen.toJSON().filters;
    expect(bloomFilters.BloomFilter.fromJSON(filter as JSON)).toBeInstanceOf(bloomFilters.BloomFilter);
  });

  it('compares by any key', () => {
    const seen = new BloomDeduplicator({ expectedDocuments: 10, key: 'normalized' });
    expect([seen.add({ id: 'a', text: 'Hello, World' }), seen.add({ id: 'b', text: 'hello world!' })]).toEqual([
      true,
      false,
    ]);
  });

  it('refuses nonsense', () => {
    expect(() => new BloomDeduplicator({ expectedDocuments: 0 })).toThrow(
      'expectedDocuments must be a positive integer, got 0',
    );
    expect(() => new BloomDeduplicator({ expectedDocuments: 1, falsePositiveRate: 1 })).toThrow(
      'falsePositiveRate must be in (0, 1)',
    );
    expect(() => BloomDeduplicator.fromJSON({} as BloomState)).toThrow('no saved state');
    const state = new BloomDeduplicator({ expectedDocuments: 10, key: ({ id }) => id }).toJSON();
    expect(() => BloomDeduplicator.fromJSON(state)).toThrow('saved with key "custom"');
    expect(() => BloomDeduplicator.fromJSON({ ...state, key: 'text', filters: [{}] })).toThrow('cannot be restored');
  });
});

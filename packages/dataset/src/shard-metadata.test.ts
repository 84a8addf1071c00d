import { describe, expect, it } from 'vitest';
import oracle from './fixtures/datatrove.json' with { type: 'json' };
import { formatMetadata, humanTokenCount, parseMetadata } from './shard-metadata.ts';

describe('humanTokenCount', () => {
  it.each(oracle.humanCounts as [number, string][])('writes %i as %s, like humanize.metric', (count, expected) => {
    expect(humanTokenCount(count)).toBe(expected);
  });
});

describe('metadata', () => {
  it('is what datatrove writes, byte for byte', () => {
    const text = formatMetadata({ tokenizer: oracle.tokenizer, tokenSize: 2, tokenCount: oracle.tokens.length });
    expect(text).toBe(oracle.metadata);
  });

  it('comes back, also when the name holds a bar', () => {
    const metadata = { tokenizer: 'a|b', tokenSize: 4 as const, tokenCount: 12 };
    expect(parseMetadata(formatMetadata(metadata), 'x')).toEqual(metadata);
  });

  it.each(['', 'gpt2', 'gpt2|3\n5', 'gpt2|2\n-5', 'gpt2|2\n1e9', 'gpt2|2\n99999999999999999999', '\0\0\0'])(
    'refuses %j and names the file',
    (text) => {
      expect(() => parseMetadata(text, '/data/a.ds.metadata')).toThrow(
        expect.objectContaining({ code: 'CORRUPT_SHARD', message: expect.stringContaining('/data/a.ds.metadata') }),
      );
    },
  );
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trainBpe } from '@smol/tokenizer';
import { scoringBatches, toBitsPerByte } from './bits-per-byte.ts';

const tokenizer = await trainBpe(['a text to learn from, a text to learn'], {
  vocabularySize: 270,
  pattern: 'gpt2',
  specialTokens: ['<|endoftext|>'],
});
const prefix = tokenizer.tokenToId('<|endoftext|>') as number;

describe('scoringBatches', () => {
  it('scores every token of every text once, each after the token before it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 60 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 2, max: 16 }),
        fc.integer({ min: 1, max: 16 }),
        (texts, sequenceLength, wantedStride) => {
          const stride = Math.min(wantedStride, sequenceLength);
          const scored: number[] = [];
          const mismatches: number[] = [];
          for (const batch of scoringBatches(texts, { tokenizer, prefix, sequenceLength, stride, batchSize: 3 })) {
            batch.targets.forEach((target, index) => {
              if (target === -100) return;
              scored.push(target);
              const isLast = (index + 1) % sequenceLength === 0 || batch.targets[index + 1] === -100;
              if (!isLast && batch.inputs[index + 1] !== target) mismatches.push(index);
            });
          }
          expect(mismatches).toEqual([]);
          expect(scored).toEqual(texts.flatMap((text) => [...tokenizer.encode(text, { allowedSpecial: 'none' })]));
        },
      ),
    );
  });
});

describe('toBitsPerByte', () => {
  it('is 8 for a uniform guess among 256 bytes', () => {
    expect(toBitsPerByte(100 * Math.log(256), 100)).toBeCloseTo(8, 12);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleToken, tokenProbabilities } from './index.ts';
import type { SamplingOptions } from './index.ts';

/** Probabilities .4, .3, .2, .1 of tokens 2, 0, 3, 1. */
const LOGITS = Float32Array.from([0.3, 0.1, 0.4, 0.2], Math.log);

/** How often each token comes over an even grid of random numbers. */
function shares(options: SamplingOptions, logits = LOGITS): number[] {
  const counts = Array<number>(logits.length).fill(0);
  for (let index = 0; index < 1000; index++) counts[sampleToken(logits, options, (index + 0.5) / 1000)]++;
  return counts.map((count) => count / 1000);
}

describe('sampleToken', () => {
  it.each<[string, SamplingOptions, number[]]>([
    ['as likely as softmax says', {}, [0.3, 0.1, 0.4, 0.2]],
    ['the most likely at temperature 0', { temperature: 0 }, [0, 0, 1, 0]],
    ['closer to the most likely at low temperature', { temperature: 0.5 }, [0.3, 0.033, 0.533, 0.133]],
    ['the top k', { topK: 2 }, [0.429, 0, 0.571, 0]],
    ['the nucleus that first reaches p', { topP: 0.6 }, [0.429, 0, 0.571, 0]],
    ['one more where p is passed', { topP: 0.71 }, [0.333, 0, 0.444, 0.222]],
    ['those at least minP times as likely as the best', { minP: 0.45 }, [0.333, 0, 0.444, 0.222]],
    ['top-p of what top-k left', { topK: 3, topP: 0.7 }, [0.429, 0, 0.571, 0]],
  ])('takes %s', (_, options, expected) => {
    shares(options).forEach((share, id) => expect(share).toBeCloseTo(expected[id], 2));
    tokenProbabilities(LOGITS, options).forEach((share, id) => expect(share).toBeCloseTo(expected[id], 3));
  });

  it('always gives a token of the vocabulary, whatever the logits', () => {
    const logits = fc.array(fc.float({ noNaN: true, min: -1e4, max: 1e4 }), { minLength: 1, maxLength: 20 });
    const options = fc.record({
      temperature: fc.double({ min: 0.01, max: 10, noNaN: true }),
      topK: fc.integer({ min: 1, max: 30 }),
      topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
      minP: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const uniform = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(logits, options, uniform, (values, sampling, random) => {
        const id = sampleToken(Float32Array.from(values), sampling, random);
        expect(id >= 0 && id < values.length).toBe(true);
      }),
    );
  });

  it.each<[SamplingOptions, string]>([
    [{ temperature: -1 }, 'temperature must be at least 0, got -1'],
    [{ topK: 0 }, 'topK must be a positive integer, got 0'],
    [{ topP: 0 }, 'topP must be in (0, 1], got 0'],
    [{ minP: 2 }, 'minP must be in [0, 1], got 2'],
  ])('refuses %j', (options, message) => {
    expect(() => sampleToken(LOGITS, options, 0)).toThrow(message);
    expect(() => tokenProbabilities(LOGITS, options)).toThrow(message);
  });
});

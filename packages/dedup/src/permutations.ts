import { MersenneTwister } from './mersenne-twister.ts';

/** 2^61 − 1, the Mersenne prime that MinHash permutations are taken modulo. */
export const MERSENNE_PRIME = (1n << 61n) - 1n;

/** Coefficients of h_i(s) = ((s · a_i + b_i) mod 2^64) mod (2^61 − 1). */
export interface Permutations {
  /** in [1, 2^61 − 1) */
  a: BigUint64Array;
  /** in [0, 2^61 − 1) */
  b: BigUint64Array;
}

/** numpy's `randint(low, high, dtype=uint64)`: 61 random bits, drawn again while they exceed `high − 1 − low`. */
function drawUniform(generator: MersenneTwister, low: bigint, length: number): BigUint64Array {
  const range = MERSENNE_PRIME - 1n - low;
  return new BigUint64Array(length).map(() => {
    let value: bigint;
    do value = generator.next64() & MERSENNE_PRIME;
    while (value > range);
    return value + low;
  });
}

/**
 * The coefficients that datatrove draws from `numpy.random.RandomState(seed)`: all of a, then all of b, from one stream.
 *
 * @param length how many permutations
 * @param seed unsigned 32-bit integer; the published datasets used 1
 */
export function drawPermutations(length: number, seed: number): Permutations {
  const generator = new MersenneTwister(seed);
  const a = drawUniform(generator, 1n, length);
  return { a, b: drawUniform(generator, 0n, length) };
}

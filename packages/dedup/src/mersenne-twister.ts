/**
 * MT19937 of Matsumoto and Nishimura, "Mersenne Twister" (ACM TOMACS 8, 1998), seeded as their `init_genrand` does: the
 * generator behind numpy's `RandomState(seed)`.
 */

const LENGTH = 624;
const SHIFT = 397;

/** A stream of unsigned 32-bit words. */
export class MersenneTwister {
  readonly #state = new Uint32Array(LENGTH);
  #position = LENGTH;

  /** @param seed unsigned 32-bit integer */
  constructor(seed: number) {
    this.#state[0] = seed;
    for (let index = 1; index < LENGTH; index++) {
      const previous = this.#state[index - 1];
      this.#state[index] = Math.imul(1812433253, previous ^ (previous >>> 30)) + index;
    }
  }

  #twist(): void {
    const state = this.#state;
    for (let index = 0; index < LENGTH; index++) {
      const joined = (state[index] & 0x80000000) | (state[(index + 1) % LENGTH] & 0x7fffffff);
      state[index] = state[(index + SHIFT) % LENGTH] ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#position = 0;
  }

  /** The next unsigned 32-bit word. */
  next32(): number {
    if (this.#position === LENGTH) this.#twist();
    let word = this.#state[this.#position++];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /** The next 64 bits; the first of two words is the high one, as in numpy. */
  next64(): bigint {
    const high = BigInt(this.next32());
    return (high << 32n) | BigInt(this.next32());
  }
}

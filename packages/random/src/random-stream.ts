import { philox4x32 } from './philox.ts';

/** What was asked of the generator cannot be given: see the message. */
export class RandomError extends RangeError {
  override readonly name = 'RandomError';
  readonly code = 'INVALID_ARGUMENT';
}

/** FNV-1a over UTF-16 code units, twice with different offsets: 64 bits that tell purposes apart. */
function hashPurpose(purpose: string): [number, number] {
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  for (let index = 0; index < purpose.length; index++) {
    const unit = purpose.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193) >>> 0;
    high = Math.imul(high ^ unit ^ (low >>> 15), 0x01000193) >>> 0;
  }
  return [low, high];
}

/**
 * Random numbers as a pure function of (seed, purpose, index): the same triple gives the same number on every machine,
 * in any order, on any number of workers. Nothing has to be saved to resume.
 */
export class RandomStream {
  readonly #key: readonly [number, number];
  readonly #purpose: [number, number];
  readonly #words = new Uint32Array(4);
  #cachedBlock = -1;

  /**
   * @param seed integer in [0, 2^53)
   * @param purpose what the numbers are for (`"shuffle"`, a tensor's name); streams of different purposes are independent
   * @throws RandomError when the seed is not such an integer
   */
  constructor(seed: number, purpose: string) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RandomError(`seed must be an integer in [0, 2^53), got ${seed}`);
    }
    this.#key = [seed >>> 0, Math.floor(seed / 2 ** 32)];
    this.#purpose = hashPurpose(purpose);
  }

  /** The unsigned 32-bit word at `index` (an integer in [0, 2^53)). */
  uint32(index: number): number {
    const block = Math.floor(index / 4);
    if (block !== this.#cachedBlock) {
      const [low, high] = this.#purpose;
      philox4x32([block >>> 0, Math.floor(block / 2 ** 32), low, high], this.#key, this.#words);
      this.#cachedBlock = block;
    }
    return this.#words[index % 4];
  }

  /** A number uniform in [0, 1) with 32 random bits. */
  uniform(index: number): number {
    return this.uint32(index) / 2 ** 32;
  }

  /** An integer uniform in [0, bound); the bias is below bound / 2^53. */
  integer(index: number, bound: number): number {
    const high = this.uint32(2 * index) >>> 5;
    const low = this.uint32(2 * index + 1) >>> 6;
    return Math.floor(((high * 2 ** 26 + low) / 2 ** 53) * bound);
  }

  /** A standard normal number by Box and Muller's transform (1958), in f64. */
  normal(index: number): number {
    const pair = Math.floor(index / 2);
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform(2 * pair)));
    const angle = 2 * Math.PI * this.uniform(2 * pair + 1);
    return radius * (index % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  }

  /** `length` normal numbers of the given standard deviation, starting at `start`, rounded to f32. */
  normals(length: number, standardDeviation: number, start = 0): Float32Array {
    const values = new Float32Array(length);
    for (let index = 0; index < length; index++) values[index] = standardDeviation * this.normal(start + index);
    return values;
  }

  /**
   * Where `index` goes in a keyed permutation of [0, length): a bijection computed without building the permutation,
   * by a four-round Feistel network walked until it lands inside the range (Black and Rogaway 2002, "cycle walking").
   */
  permute(index: number, length: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new RandomError(`index must be an integer in [0, ${length}), got ${index}`);
    }
    const halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, length)) / 2));
    const half = 2 ** halfBits;
    let position = index;
    do {
      let left = Math.floor(position / half);
      let right = position % half;
      for (let round = 0; round < 4; round++) {
        const mixed = this.uint32(4 * (round * half + right)) % half;
        [left, right] = [right, (left ^ mixed) % half];
      }
      position = left * half + right;
    } while (position >= length);
    return position;
  }
}

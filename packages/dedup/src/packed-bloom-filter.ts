import { DedupError } from './dedup-error.ts';

/** How large a filter is to be. */
export interface PackedBloomOptions {
  /** how many different keys it is to hold */
  capacity: number;
  /** share of new keys that may be taken for known ones once it is full, in (0, 1); default 0.001 */
  falsePositiveRate?: number;
}

const WORDS_PER_BLOCK = 16;
const BITS_PER_BLOCK = 32 * WORDS_PER_BLOCK;
const MOST_BITS = 2 ** 35;

/**
 * False-positive rate of a blocked filter: the number of keys in a block is Poisson distributed with mean m, and a block
 * with i keys errs with (1 − (1 − 1/B)^(k·i))^k (Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom
 * Filters", 2007, equation 3).
 */
function blockedRate(keysPerBlock: number, hashes: number): number {
  let rate = 0;
  let probability = Math.exp(-keysPerBlock);
  for (let keys = 1; keys < keysPerBlock + 20 * Math.sqrt(keysPerBlock) + 20; keys++) {
    probability *= keysPerBlock / keys;
    rate += probability * (1 - (1 - 1 / BITS_PER_BLOCK) ** (hashes * keys)) ** hashes;
  }
  return rate;
}

/** The fewest bits per key that reach a rate, and the number of hashes that does. */
function dimension(falsePositiveRate: number): { bitsPerKey: number; hashes: number } {
  for (let bitsPerKey = 1; bitsPerKey < 200; bitsPerKey += 0.5) {
    const most = Math.min(24, Math.ceil(bitsPerKey));
    for (let hashes = 1; hashes <= most; hashes++) {
      if (blockedRate(BITS_PER_BLOCK / bitsPerKey, hashes) <= falsePositiveRate) return { bitsPerKey, hashes };
    }
  }
  throw new DedupError(
    'INVALID_OPTION',
    `falsePositiveRate ${falsePositiveRate} is too small; the least is about 1e-9`,
  );
}

function popCount(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Finaliser of MurmurHash3 (Appleby). */
function mix(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** The 64 bits by which the filter knows a key. */
export interface KeyHash {
  low: number;
  high: number;
}

/** Hashes a key over its UTF-16 code units. */
export function keyHash(key: string): KeyHash {
  let low = 0x9e3779b9;
  let high = 0x7f4a7c15;
  for (let index = 0; index < key.length; index++) {
    const unit = key.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x85ebca77);
    low ^= low >>> 15;
    high = Math.imul(high ^ unit, 0xc2b2ae3d);
    high ^= high >>> 13;
  }
  low = mix(low ^ key.length);
  return { low, high: mix(high ^ (low >>> 7)) };
}

/**
 * A Bloom filter for bulk: all bits of a key lie in one block of 64 bytes, a cache line, so that a look-up touches memory
 * once. Keys are strings, hashed to 64 bits over their UTF-16 code units. Never misses a key that was added.
 */
export class PackedBloomFilter {
  /** bits set for each key */
  readonly hashes: number;
  /** memory in bytes */
  readonly bytes: number;
  readonly #words: Uint32Array;
  readonly #blocks: number;

  /** @throws DedupError `INVALID_OPTION` when a value is out of range, or more than 4 GiB would be needed */
  constructor({ capacity, falsePositiveRate = 0.001 }: PackedBloomOptions) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new DedupError('INVALID_OPTION', `capacity must be a positive integer, got ${capacity}`);
    }
    if (!(falsePositiveRate > 0 && falsePositiveRate < 1)) {
      throw new DedupError('INVALID_OPTION', `falsePositiveRate must be in (0, 1), got ${falsePositiveRate}`);
    }
    const { bitsPerKey, hashes } = dimension(falsePositiveRate);
    this.#blocks = Math.ceil((capacity * bitsPerKey) / BITS_PER_BLOCK);
    if (this.#blocks * BITS_PER_BLOCK > MOST_BITS) {
      const bytes = Math.ceil((capacity * bitsPerKey) / 8);
      throw new DedupError('INVALID_OPTION', `capacity ${capacity} takes ${bytes} bytes, the most is ${MOST_BITS / 8}`);
    }
    this.hashes = hashes;
    this.#words = new Uint32Array(this.#blocks * WORDS_PER_BLOCK);
    this.bytes = this.#words.byteLength;
  }

  /** Adds a key; `true` if it is new, `false` if it was (almost surely) there before. */
  add(key: string): boolean {
    return this.#visit(keyHash(key), true);
  }

  /** The same by what {@link keyHash} gives for it. */
  addHash(hash: KeyHash): boolean {
    return this.#visit(hash, true);
  }

  /** Whether a key was (almost surely) added; never wrong about one that was. */
  has(key: string): boolean {
    return !this.#visit(keyHash(key), false);
  }

  /** Goes through the bits of a key; `true` if one was not set. */
  #visit({ low, high }: KeyHash, set: boolean): boolean {
    const start = Math.floor(((low >>> 0) / 2 ** 32) * this.#blocks) * WORDS_PER_BLOCK;
    const step = mix(low ^ 0x27d4eb2f) | 1;
    let isNew = false;
    for (let hash = 0, bits = high; hash < this.hashes; hash++) {
      const place = start + (bits >>> 28);
      const mask = 1 << ((bits >>> 23) & 31);
      // Not bits + step alone: progressions within 512 bits are too few, and would triple the rate at 0.0001.
      bits = (Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d) + step) | 0;
      if ((this.#words[place] & mask) !== 0) continue;
      if (!set) return true;
      isNew = true;
      this.#words[place] |= mask;
    }
    return isNew;
  }

  /** The rate at which new keys are taken for known ones now, from the bits that are set in each block. */
  falsePositiveRate(): number {
    let rate = 0;
    for (let start = 0; start < this.#words.length; start += WORDS_PER_BLOCK) {
      let bits = 0;
      for (let word = 0; word < WORDS_PER_BLOCK; word++) bits += popCount(this.#words[start + word]);
      rate += (bits / BITS_PER_BLOCK) ** this.hashes;
    }
    return rate / this.#blocks;
  }
}

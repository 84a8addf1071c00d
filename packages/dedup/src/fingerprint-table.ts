/** The tables are many, so that one of them is soon copied when it grows, and all of them can be larger than one array. */
const SHARDS = 256;
const LEAST_SLOTS = 64;
/** Share of slots that are taken before a table grows. */
const FULLEST = 0.7;

/** An open hash table from some of the fingerprints to a number each. */
class Shard {
  readonly #words: number;
  /** a fingerprint's words and its number + 1 in each slot; 0 where it is free */
  #slots: Uint32Array;
  #mask = LEAST_SLOTS - 1;
  #count = 0;

  constructor(words: number) {
    this.#words = words;
    this.#slots = new Uint32Array(LEAST_SLOTS * (words + 1));
  }

  /** Where the fingerprint is, or would be. */
  #find(key: Uint32Array, start: number): number {
    const [words, width, slots] = [this.#words, this.#words + 1, this.#slots];
    for (let slot = key[start + 1] & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * width;
      if (slots[at + words] === 0) return at;
      let same = 0;
      while (same < words && slots[at + same] === key[start + same]) same++;
      if (same === words) return at;
    }
  }

  add(key: Uint32Array, start: number, value: number): number {
    const at = this.#find(key, start);
    const known = this.#slots[at + this.#words];
    if (known !== 0) return known - 1;
    for (let word = 0; word < this.#words; word++) this.#slots[at + word] = key[start + word];
    this.#slots[at + this.#words] = value + 1;
    if (++this.#count > FULLEST * (this.#mask + 1)) this.#grow();
    return value;
  }

  #grow(): void {
    const old = this.#slots;
    const width = this.#words + 1;
    this.#slots = new Uint32Array(2 * old.length);
    this.#mask = 2 * this.#mask + 1;
    for (let from = 0; from < old.length; from += width) {
      if (old[from + this.#words] === 0) continue;
      const to = this.#find(old, from);
      for (let word = 0; word < width; word++) this.#slots[to + word] = old[from + word];
    }
  }
}

/**
 * Remembers fingerprints (hashes of 64 or more bits, as 32-bit words) with a number below 2^32 − 1 for each, in 4 bytes for
 * each word and the number, and twice to three times as much while it grows.
 */
export class FingerprintTable {
  readonly #shards: Shard[];

  /** @param words of a fingerprint, 2 and more, all of them as good as random */
  constructor(words: number) {
    this.#shards = Array.from({ length: SHARDS }, () => new Shard(words));
  }

  /**
   * Adds the fingerprint that begins at a place of an array, unless it is known.
   *
   * @returns the number that was given with it first: `value` if it is new
   */
  add(key: Uint32Array, start: number, value: number): number {
    return this.#shards[key[start] % SHARDS].add(key, start, value);
  }
}

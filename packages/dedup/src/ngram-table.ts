import { DedupError } from './dedup-error.ts';

/** The numbers of a table, in memory that threads share. */
export type TableWords = Uint32Array<SharedArrayBuffer>;

/** Of a slot: the lower and the upper half of a hash, and what belongs to it plus one; 0 where the slot is empty. */
const SLOT_WORDS = 3;
const LEAST_SLOTS = 2 ** 16;
/** At least so many slots for each hash: most of those that are not in the table meet an empty slot at once. */
const SLOTS_PER_HASH = 4;
const MOST_HASHES = 2 ** 26;

const newWords = (slots: number): TableWords =>
  new Uint32Array(new SharedArrayBuffer(SLOT_WORDS * slots * Uint32Array.BYTES_PER_ELEMENT));

/** 64-bit hashes, as halves in 32-bit numbers, each with a number; by linear probing from the lower half's last bits. */
export class NgramTable {
  #words: TableWords;
  #size = 0;

  /** @param words of another table, which is shared; without them an empty one */
  constructor(words: TableWords = newWords(LEAST_SLOTS)) {
    this.#words = words;
    for (let slot = 2; slot < words.length; slot += SLOT_WORDS) if (words[slot] !== 0) this.#size++;
  }

  /** How many hashes there are. */
  get size(): number {
    return this.#size;
  }

  get words(): TableWords {
    return this.#words;
  }

  /** Where a hash stands, or could. */
  #find(low: number, high: number): number {
    const words = this.#words;
    const mask = words.length / SLOT_WORDS - 1;
    for (let slot = low & mask; ; slot = (slot + 1) & mask) {
      const at = SLOT_WORDS * slot;
      if (words[at + 2] === 0 || (words[at] === low && words[at + 1] === high)) return at;
    }
  }

  /** The number of a hash; −1 where it is unknown. */
  get(low: number, high: number): number {
    return this.#words[this.#find(low, high) + 2] - 1;
  }

  /**
   * Takes a hash with a number; one that is known keeps its number.
   *
   * @throws DedupError `OUT_OF_MEMORY` above 2^26 hashes
   */
  add(low: number, high: number, number: number): void {
    const at = this.#find(low, high);
    if (this.#words[at + 2] !== 0) return;
    this.#words.set([low, high, number + 1], at);
    if (++this.#size > MOST_HASHES) {
      throw new DedupError('OUT_OF_MEMORY', `evaluations may have ${MOST_HASHES} n-grams at most; give fewer at once`);
    }
    if (SLOTS_PER_HASH * SLOT_WORDS * this.#size > this.#words.length) this.#grow();
  }

  #grow(): void {
    const known = this.#words;
    this.#words = newWords((2 * known.length) / SLOT_WORDS);
    for (let at = 0; at < known.length; at += SLOT_WORDS) {
      if (known[at + 2] === 0) continue;
      this.#words.set(known.subarray(at, at + SLOT_WORDS), this.#find(known[at], known[at + 1]));
    }
  }
}

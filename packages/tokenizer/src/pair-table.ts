const FIELDS = 4;

/**
 * A hash table from pairs of token ids to consecutive indices 0, 1, 2, … in the order of their first appearance.
 * Open addressing in one typed array: a lookup touches one cache line and allocates nothing.
 */
export class PairTable {
  #capacity: number;
  /** Per slot: first id, second id, index + 1 (0 = free), unused. */
  #slots: Int32Array;
  #size = 0;

  /** @param expected how many pairs will come; more is fine */
  constructor(expected = 512) {
    this.#capacity = 2 ** Math.ceil(Math.log2(Math.max(16, expected * 2)));
    this.#slots = new Int32Array(this.#capacity * FIELDS);
  }

  /** How many pairs there are. */
  get size(): number {
    return this.#size;
  }

  #slotOf(first: number, second: number): number {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const at = slot * FIELDS;
      if (slots[at + 2] === 0 || (slots[at] === first && slots[at + 1] === second)) return at;
      slot = (slot + 1) & mask;
    }
  }

  /** The index of a pair, which is `size - 1` when it is new. */
  intern(first: number, second: number): number {
    const at = this.#slotOf(first, second);
    if (this.#slots[at + 2] !== 0) return this.#slots[at + 2] - 1;
    this.#slots[at] = first;
    this.#slots[at + 1] = second;
    this.#slots[at + 2] = ++this.#size;
    if (this.#size * 2 > this.#capacity) this.#grow();
    return this.#size - 1;
  }

  #grow(): void {
    const old = this.#slots;
    this.#capacity *= 2;
    this.#slots = new Int32Array(this.#capacity * FIELDS);
    for (let at = 0; at < old.length; at += FIELDS) {
      if (old[at + 2] !== 0) this.#slots.set(old.subarray(at, at + FIELDS), this.#slotOf(old[at], old[at + 1]));
    }
  }
}

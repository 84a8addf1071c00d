const FIELDS = 4;

/**
 * A hash table from pairs of token ids to two numbers of at least 0. Open addressing in one typed array: a lookup touches
 * one cache line and allocates nothing.
 */
export class PairTable {
  #capacity: number;
  /** Per slot: first id, second id, value + 1 (0 = free), the other number. */
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

  #locate(first: number, second: number): number {
    const slots = this.#slots;
    const mask = this.#capacity - 1;
    const mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (;;) {
      const at = slot * FIELDS;
      if ((slots[at] === first && slots[at + 1] === second) || slots[at + 2] === 0) return at;
      slot = (slot + 1) & mask;
    }
  }

  /** Where a pair is kept, for `value` and `other`; -1 when it is not there. */
  find(first: number, second: number): number {
    const at = this.#locate(first, second);
    return this.#slots[at + 2] === 0 ? -1 : at;
  }

  /** The value of the pair that `find` found. */
  value(at: number): number {
    return this.#slots[at + 2] - 1;
  }

  /** The other number of the pair that `find` found. */
  other(at: number): number {
    return this.#slots[at + 3];
  }

  /** Gives the value of a pair; one that is new gets these numbers. */
  intern(first: number, second: number, value: number, other = 0): number {
    const at = this.#locate(first, second);
    const slots = this.#slots;
    if (slots[at + 2] !== 0) return slots[at + 2] - 1;
    slots[at] = first;
    slots[at + 1] = second;
    slots[at + 2] = value + 1;
    slots[at + 3] = other;
    if (++this.#size * 2 > this.#capacity) this.#grow();
    return value;
  }

  #grow(): void {
    const old = this.#slots;
    this.#capacity *= 2;
    this.#slots = new Int32Array(this.#capacity * FIELDS);
    for (let at = 0; at < old.length; at += FIELDS) {
      if (old[at + 2] === 0) continue;
      const to = this.#locate(old[at], old[at + 1]);
      for (let field = 0; field < FIELDS; field++) this.#slots[to + field] = old[at + field];
    }
  }
}

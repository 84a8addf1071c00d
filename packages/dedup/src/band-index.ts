/** Finds, for each signature in turn, the first one whose values in one band are the same. */

const FREE = 0xffffffff;

/** Mixes the 32-bit words of a band (multiplications of Murmur3's finaliser). */
function mixBand(words: Uint32Array, start: number, end: number): number {
  let hash = 0x9e3779b9;
  for (let index = start; index < end; index++) {
    hash = Math.imul(hash ^ words[index], 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function equalBand(left: Uint32Array, right: Uint32Array, start: number, end: number): boolean {
  for (let index = start; index < end; index++) if (left[index] !== right[index]) return false;
  return true;
}

/** A hash table with open addressing over indices of signatures; equal bands are compared in full, so it never errs. */
export class BandIndex {
  readonly #signatures: readonly (Uint32Array | null)[];
  readonly #slots: Uint32Array;

  /** @param signatures the signatures as 32-bit words, or `null` */
  constructor(signatures: readonly (Uint32Array | null)[]) {
    this.#signatures = signatures;
    this.#slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * signatures.length + 2)));
  }

  /** Forgets all signatures, before the next band. */
  clear(): void {
    this.#slots.fill(FREE);
  }

  /** The index of the first signature added with the same words in [start, end); `member` itself if there is none. */
  addOrFind(member: number, start: number, end: number): number {
    const signature = this.#signatures[member]!;
    const mask = this.#slots.length - 1;
    let slot = mixBand(signature, start, end) & mask;
    for (; this.#slots[slot] !== FREE; slot = (slot + 1) & mask) {
      const other = this.#slots[slot];
      if (equalBand(this.#signatures[other]!, signature, start, end)) return other;
    }
    this.#slots[slot] = member;
    return member;
  }
}

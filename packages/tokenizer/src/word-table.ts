import { grown } from './growing-array.ts';
import type { PaddedBytes } from './padded-bytes.ts';

/**
 * Where hashes start; different in every process, so that no text can be made whose words all collide. Words are numbered
 * by first appearance: no result depends on it.
 */
const HASH_START = crypto.getRandomValues(new Int32Array(1))[0];

/** Per slot: hash, where the word is kept, its length in bytes, its index + 1 (0 = free). */
const FIELDS = 4;

/** The last one to three bytes of a word, read as four of which the rest do not count. */
function lastBytes(view: DataView, at: number, count: number): number {
  return view.getInt32(at, true) & (0xffffffff >>> (32 - 8 * count));
}

function mix(hash: number, four: number): number {
  const product = Math.imul(hash ^ four, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** Takes four bytes at a time (as MurmurHash does, with one multiplication for four bytes). */
function hashOf(view: DataView, start: number, end: number): number {
  let hash = HASH_START ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4) hash = mix(hash, view.getInt32(at, true));
  if (at < end) hash = mix(hash, lastBytes(view, at, end - at));
  return hash;
}

/**
 * A hash table from pieces of texts to consecutive indices 0, 1, 2, … in the order of their first appearance. It reads
 * the piece where it lies, four bytes at a time: nothing is made for a piece that is known already.
 */
export class WordTable {
  #slots = new Int32Array(FIELDS << 11);
  #mask = (1 << 11) - 1;
  /** The bytes of all words, each from a multiple of four on, filled up with zeros. */
  #kept = new Int32Array(1 << 12);
  #keptLength = 0;
  /** Per word: where it is kept, its length. */
  #places = new Int32Array(1 << 11);
  #size = 0;
  #byteCount = 0;

  /** How many different words there are. */
  get size(): number {
    return this.#size;
  }

  /** Bytes of all words together. */
  get byteCount(): number {
    return this.#byteCount;
  }

  /** The index of `text` from `start` to `end`, which is `size - 1` when it is new. */
  intern({ view }: PaddedBytes, start: number, end: number): number {
    const hash = hashOf(view, start, end);
    const at = this.#locate(view, start, end, hash);
    const word = this.#slots[at + 3];
    return word === 0 ? this.#append(view, start, end, hash, at) : word - 1;
  }

  /** The index of `text` from `start` to `end`, or -1. */
  find({ view }: PaddedBytes, start: number, end: number): number {
    return this.#slots[this.#locate(view, start, end, hashOf(view, start, end)) + 3] - 1;
  }

  /** Forgets all words, and keeps the room for as many. */
  clear(): void {
    this.#slots.fill(0);
    this.#keptLength = 0;
    this.#size = 0;
    this.#byteCount = 0;
  }

  #locate(view: DataView, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const at = slot * FIELDS;
      if (slots[at + 3] === 0) return at;
      if (slots[at] === hash && slots[at + 2] === end - start && this.#equals(slots[at + 1], view, start, end)) {
        return at;
      }
    }
  }

  #equals(place: number, view: DataView, start: number, end: number): boolean {
    const kept = this.#kept;
    let at = start;
    for (; at + 4 <= end; at += 4) if (kept[place++] !== view.getInt32(at, true)) return false;
    return at === end || kept[place] === lastBytes(view, at, end - at);
  }

  #append(view: DataView, start: number, end: number, hash: number, at: number): number {
    const place = this.#keptLength;
    this.#keep(view, start, end);
    this.#places = grown(this.#places, (this.#size + 1) * 2);
    this.#places[this.#size * 2] = place;
    this.#places[this.#size * 2 + 1] = end - start;
    this.#byteCount += end - start;
    const slots = this.#slots;
    slots[at] = hash;
    slots[at + 1] = place;
    slots[at + 2] = end - start;
    slots[at + 3] = ++this.#size;
    if (this.#size * 2 > this.#mask) this.#grow();
    return this.#size - 1;
  }

  #keep(view: DataView, start: number, end: number): void {
    this.#kept = grown(this.#kept, this.#keptLength + ((end - start + 3) >> 2));
    let at = start;
    for (; at + 4 <= end; at += 4) this.#kept[this.#keptLength++] = view.getInt32(at, true);
    if (at < end) this.#kept[this.#keptLength++] = lastBytes(view, at, end - at);
  }

  #grow(): void {
    const old = this.#slots;
    this.#mask = this.#mask * 2 + 1;
    this.#slots = new Int32Array(old.length * 2);
    for (let at = 0; at < old.length; at += FIELDS) {
      if (old[at + 3] === 0) continue;
      let to = (old[at] & this.#mask) * FIELDS;
      while (this.#slots[to + 3] !== 0) to = (to + FIELDS) & (this.#slots.length - 1);
      for (let field = 0; field < FIELDS; field++) this.#slots[to + field] = old[at + field];
    }
  }

  /** The bytes of all words, each from its `start` on; a view, not to be changed and not to be kept. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#kept.buffer);
  }

  /** Where the bytes of a word begin in `bytes`. */
  start(index: number): number {
    return this.#places[index * 2] * 4;
  }

  /** How many bytes a word has. */
  byteLength(index: number): number {
    return this.#places[index * 2 + 1];
  }

  /** The bytes of a word; a view, not to be changed and not to be kept. */
  word(index: number): Uint8Array {
    return new Uint8Array(this.#kept.buffer, this.start(index), this.byteLength(index));
  }
}

import { grown } from './growing-array.ts';

/**
 * Where hashes start; different in every process, so that no text can be made whose words all collide. Words are numbered
 * by first appearance: no result depends on it.
 */
const HASH_START = crypto.getRandomValues(new Int32Array(1))[0];

/** FNV-1a over UTF-16 units, its high bits folded in. */
function hashOf(text: string, start: number, end: number): number {
  let hash = HASH_START;
  for (let index = start; index < end; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash ^ (hash >>> 15);
}

/**
 * A hash table from pieces of texts to consecutive indices 0, 1, 2, … in the order of their first appearance. It reads
 * the piece where it lies: no string is made for a piece that is known already.
 */
export class WordTable {
  #slots = new Int32Array(1 << 12);
  #hashes = new Int32Array(1 << 11);
  /** Word i is `#units` from `#starts[i]` to `#starts[i + 1]`. */
  #starts = new Int32Array(1 << 11);
  #units = new Uint16Array(1 << 14);
  #size = 0;

  /** How many different words there are. */
  get size(): number {
    return this.#size;
  }

  /** UTF-16 units of all words together. */
  get unitCount(): number {
    return this.#starts[this.#size];
  }

  /** The index of `text` from `start` to `end`, which is `size - 1` when it is new. */
  intern(text: string, start: number, end: number): number {
    const hash = hashOf(text, start, end);
    const slot = this.#locate(text, start, end, hash);
    const word = this.#slots[slot];
    return word === 0 ? this.#append(text, start, end, hash, slot) : word - 1;
  }

  /** The index of `text` from `start` to `end`, or -1. */
  find(text: string, start: number, end: number): number {
    return this.#slots[this.#locate(text, start, end, hashOf(text, start, end))] - 1;
  }

  #locate(text: string, start: number, end: number, hash: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let word = this.#slots[slot]; word !== 0; word = this.#slots[slot]) {
      if (this.#hashes[word - 1] === hash && this.#equals(word - 1, text, start, end)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** The text of a word. */
  word(index: number): string {
    const units = this.#units.subarray(this.#starts[index], this.#starts[index + 1]);
    let text = '';
    for (let start = 0; start < units.length; start += 0x2000) {
      text += String.fromCharCode(...units.subarray(start, start + 0x2000));
    }
    return text;
  }

  #equals(word: number, text: string, start: number, end: number): boolean {
    const first = this.#starts[word];
    if (this.#starts[word + 1] - first !== end - start) return false;
    for (let index = start; index < end; index++) {
      if (this.#units[first + index - start] !== text.charCodeAt(index)) return false;
    }
    return true;
  }

  #append(text: string, start: number, end: number, hash: number, slot: number): number {
    const first = this.#starts[this.#size];
    this.#units = grown(this.#units, first + end - start);
    for (let index = start; index < end; index++) this.#units[first + index - start] = text.charCodeAt(index);
    this.#hashes = grown(this.#hashes, this.#size + 1);
    this.#hashes[this.#size] = hash;
    this.#slots[slot] = ++this.#size;
    this.#starts = grown(this.#starts, this.#size + 1);
    this.#starts[this.#size] = first + end - start;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return this.#size - 1;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    for (let word = 0; word < this.#size; word++) {
      let slot = this.#hashes[word] & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = word + 1;
    }
    this.#slots = slots;
  }
}

import { codePointLength } from './python-text.ts';

/** Odd multiplier of the polynomial hash; any good one does, since equal hashes are always compared. */
const MULTIPLIER = 0x9e3779b1;

/**
 * The words of a text, ready for n-gram counting in time linear in the text for any n.
 *
 * An n-gram is a slice of the words joined without separator. Its hash is polynomial in the characters, so it depends on
 * the characters alone, not on where the words meet; it is put together from one hash per word. Equal hashes are
 * settled by comparing characters, so counts are exact.
 */
export class WordSequence {
  readonly #joined: string;
  /** Start of word i in `#joined`, in UTF-16 units; the last entry is the end. */
  readonly #starts: Int32Array;
  /** Code points before word i. */
  readonly #codePoints: Int32Array;
  readonly #hashes: Int32Array;
  /** MULTIPLIER to the power of the word's length. */
  readonly #powers: Int32Array;
  readonly #count: number;
  #table: NGramTable | undefined;

  constructor(words: readonly string[]) {
    this.#count = words.length;
    this.#joined = words.join('');
    this.#starts = new Int32Array(words.length + 1);
    this.#codePoints = new Int32Array(words.length + 1);
    this.#hashes = new Int32Array(words.length);
    this.#powers = new Int32Array(words.length);
    words.forEach((word, index) => {
      this.#starts[index + 1] = this.#starts[index] + word.length;
      this.#codePoints[index + 1] = this.#codePoints[index] + codePointLength(word);
      this.#hashWord(word, index);
    });
  }

  /**
   * Characters of the most frequent n-gram times its count, spaces between the words included; the first to appear wins
   * ties, and an n-gram that occurs once counts once. 0 when there are fewer than n words.
   */
  topNGramCharacters(n: number): number {
    if (this.#count < n) return 0;
    const table = this.#emptyTable();
    const isSame = (first: number, index: number) => this.#sameWords(first, index, n);
    const occurrences = new Int32Array(this.#count);
    for (let index = 0; index + n <= this.#count; index++) {
      occurrences[table.firstOrAdd(this.#hash(index, n), index, isSame)]++;
    }
    let top = 0;
    for (let index = 1; index < this.#count; index++) if (occurrences[index] > occurrences[top]) top = index;
    return occurrences[top] * (this.#length(top, n) + n - 1);
  }

  /**
   * Characters in n-grams seen before, walking left to right: a repeat is counted and jumped over, anything else is
   * remembered and moved past by one word. N-grams are equal when their words joined without separator are.
   */
  duplicateNGramCharacters(n: number): number {
    const table = this.#emptyTable();
    const isSame = (first: number, index: number) => this.#sameCharacters(first, index, n);
    let characters = 0;
    let index = 0;
    while (index + n <= this.#count) {
      const isNew = table.firstOrAdd(this.#hash(index, n), index, isSame) === index;
      if (!isNew) characters += this.#length(index, n);
      index += isNew ? 1 : n;
    }
    return characters;
  }

  #emptyTable(): NGramTable {
    if (this.#table) this.#table.clear();
    else this.#table = new NGramTable(this.#count);
    return this.#table;
  }

  #hashWord(word: string, index: number): void {
    let hash = 0;
    let power = 1;
    for (let unit = 0; unit < word.length; unit++) {
      hash = (Math.imul(hash, MULTIPLIER) + word.charCodeAt(unit) + 1) | 0;
      power = Math.imul(power, MULTIPLIER);
    }
    this.#hashes[index] = hash;
    this.#powers[index] = power;
  }

  #hash(start: number, n: number): number {
    let hash = 0;
    for (let index = start; index < start + n; index++) {
      hash = (Math.imul(hash, this.#powers[index]) + this.#hashes[index]) | 0;
    }
    return hash;
  }

  #length(start: number, n: number): number {
    return this.#codePoints[start + n] - this.#codePoints[start];
  }

  #sameCharacters(a: number, b: number, n: number): boolean {
    const length = this.#starts[a + n] - this.#starts[a];
    if (length !== this.#starts[b + n] - this.#starts[b]) return false;
    const startA = this.#starts[a];
    const startB = this.#starts[b];
    for (let unit = 0; unit < length; unit++) {
      if (this.#joined.charCodeAt(startA + unit) !== this.#joined.charCodeAt(startB + unit)) return false;
    }
    return true;
  }

  #sameWords(a: number, b: number, n: number): boolean {
    const shift = this.#starts[b] - this.#starts[a];
    for (let word = 1; word <= n; word++) {
      if (this.#starts[b + word] - this.#starts[a + word] !== shift) return false;
    }
    return this.#sameCharacters(a, b, n);
  }
}

/** Open addressing from n-gram hash to the index of the n-gram's first occurrence. */
class NGramTable {
  readonly #slots: Int32Array;
  readonly #hashes: Int32Array;
  readonly #mask: number;

  constructor(capacity: number) {
    const size = 2 ** Math.ceil(Math.log2(2 * capacity + 2));
    this.#slots = new Int32Array(size);
    this.#hashes = new Int32Array(size);
    this.#mask = size - 1;
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.fill(0);
  }

  /** The first index whose n-gram is the same as this one's, or `index` itself, now remembered. */
  firstOrAdd(hash: number, index: number, isSame: (first: number, index: number) => boolean): number {
    const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    let slot = (mixed ^ (mixed >>> 13)) & this.#mask;
    while (this.#slots[slot] !== 0) {
      const first = this.#slots[slot] - 1;
      if (this.#hashes[slot] === hash && isSame(first, index)) return first;
      slot = (slot + 1) & this.#mask;
    }
    this.#slots[slot] = index + 1;
    this.#hashes[slot] = hash;
    return index;
  }
}

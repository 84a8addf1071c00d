/**
 * Upper bounds on Gopher's n-gram statistics, cheap enough for every text. Where a bound is below its limit, the exact count
 * (see `WordSequence`) is too and need not be made: that is so for nearly every text that is kept.
 */
import type { WordTable } from './word-table.ts';

/** Beyond this the small tables say nothing. */
const MAXIMUM_WORDS = 20_000;
/** Open addressing from an n-gram's hash to how often it came; as much of the tables is used as a text needs. */
const SLOTS = 1 << 16;
const keys = new Int32Array(SLOTS);
const counts = new Uint16Array(SLOTS);
/** Slot of the n-gram at every start, −1 where it was passed over. */
let slots = new Int32Array(1024);
/** Bits of n-grams seen; a text uses at least 128 for each of its words, so that few are taken for others. */
const seen = new Uint32Array(1 << 17);

/** Hashes of the n-grams of growing length; starts with those of single words. */
export class NGramHashes {
  readonly #table: WordTable;
  readonly #hashes: Int32Array;
  #n = 1;

  /** @param scratch is written over, and must hold the table's words */
  constructor(table: WordTable, scratch: Int32Array = new Int32Array(table.count)) {
    this.#table = table;
    this.#hashes = scratch;
    const { hashes, count } = table;
    for (let at = 0; at < count; at++) scratch[at] = hashes[at];
  }

  /** Hashes of the n-grams at every start; n must not fall from call to call. */
  of(n: number): Int32Array {
    const { count, hashes, powers } = this.#table;
    const grams = this.#hashes;
    for (; this.#n < n; this.#n++) {
      const next = this.#n;
      const last = count - next;
      for (let at = 0; at < last; at++) grams[at] = (Math.imul(grams[at], powers[at + next]) + hashes[at + next]) | 0;
    }
    return grams;
  }
}

/** Room for the hashes of one text, used again for the next. */
let room = new Int32Array(1024);

/** The hashes of a text; valid until the next call. */
export function hashesForBounds(table: WordTable): NGramHashes {
  if (room.length < table.count) room = new Int32Array(table.count * 2);
  return new NGramHashes(table, room);
}

function mix(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

/**
 * At least the characters of the most frequent n-gram times its count, for n = 2, 3, … in turn: n-grams with the same hash are taken
 * for one, and those whose first or last n − 1 words came only once are not looked at, since they came once too.
 */
export class TopNGramBounds {
  readonly #table: WordTable;
  readonly #grams: NGramHashes;
  readonly #longestWord: number;
  #n = 1;

  constructor(table: WordTable, grams: NGramHashes) {
    this.#table = table;
    this.#grams = grams;
    this.#longestWord = longestWord(table);
    if (slots.length < table.count) slots = new Int32Array(table.count * 2);
  }

  /** The bound for n words, n ≥ 2; must not fall from call to call. */
  of(n: number): number {
    if (this.#table.count > MAXIMUM_WORDS) return Infinity;
    let bound = 0;
    while (this.#n < n) bound = this.#count(++this.#n);
    // Any n-gram that came once counts once.
    return Math.max(bound, n * (this.#longestWord + 1) - 1);
  }

  #count(n: number): number {
    const hashes = this.#grams.of(n);
    const last = this.#table.count - n;
    if (n > 2) passOver(last);
    else slots.fill(0, 0, last + 1);
    return countNGrams(hashes, this.#table.codePointsBefore, n, last);
  }
}

/** Marks the n-grams that came once, going by the shorter ones; there is one more of those. */
function passOver(last: number): void {
  for (let at = 0; at <= last; at++) if (!cameAgain(at)) slots[at] = -1;
}

/** Counts the n-grams that are not passed over, and gives the greatest count times length. */
function countNGrams(hashes: Int32Array, before: Int32Array, n: number, last: number): number {
  const mask = slotsFor(last + n) - 1;
  const slotOf = slots;
  counts.fill(0, 0, mask + 1);
  let bound = 0;
  for (let at = 0; at <= last; at++) {
    if (slotOf[at] < 0) continue;
    const hash = hashes[at];
    let slot = mix(hash) & mask;
    while (counts[slot] !== 0 && keys[slot] !== hash) slot = (slot + 1) & mask;
    keys[slot] = hash;
    slotOf[at] = slot;
    const occurrences = counts[slot] + 1;
    counts[slot] = occurrences;
    // At the last occurrence of an n-gram its slot has counted all of them, perhaps more: never too little.
    const product = occurrences * (before[at + n] - before[at] + n - 1);
    if (product > bound) bound = product;
  }
  return bound;
}

/** Whether the two shorter n-grams that make up the one at `at` came more than once. */
function cameAgain(at: number): boolean {
  const first = slots[at];
  const second = slots[at + 1];
  return first >= 0 && second >= 0 && counts[first] > 1 && counts[second] > 1;
}

function longestWord({ count, codePointsBefore }: WordTable): number {
  let longest = 0;
  for (let word = 0; word < count; word++) {
    longest = Math.max(longest, codePointsBefore[word + 1] - codePointsBefore[word]);
  }
  return longest;
}

/** Twice as many slots as words, a power of two. */
function slotsFor(count: number): number {
  return 1 << Math.max(4, 33 - Math.clz32(count));
}

/** At least the characters in n-grams seen before: those under all n-grams that may have been. */
export function duplicateNGramBound(table: WordTable, grams: NGramHashes, n: number): number {
  if (table.count > MAXIMUM_WORDS) return Infinity;
  const { codePointsBefore: before, count } = table;
  const hashes = grams.of(n);
  const bits = Math.min(22, 39 - Math.clz32(count));
  seen.fill(0, 0, 1 << Math.max(0, bits - 5));
  let covered = 0;
  let coveredTo = 0;
  for (let at = 0; at + n <= count; at++) {
    const bit = mix(hashes[at]) >>> (32 - bits);
    const mask = 1 << (bit & 31);
    if ((seen[bit >>> 5] & mask) === 0) {
      seen[bit >>> 5] |= mask;
      continue;
    }
    covered += before[at + n] - before[Math.max(at, coveredTo)];
    coveredTo = at + n;
  }
  return covered;
}

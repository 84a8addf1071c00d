/**
 * Upper bounds on Gopher's n-gram statistics, cheap enough for every text. Where a bound is below its limit, the exact count
 * (see `WordSequence`) is too and need not be made: that is so for nearly every text that is kept.
 */
import type { WordTable } from './word-table.ts';

/** Beyond this the tables say nothing. */
const MAXIMUM_WORDS = 20_000;
/** How often words came, by hash: words that share a slot are taken for one. At least four slots a word. */
const occurrences = new Uint16Array(1 << 17);
let slots = new Int32Array(1024);
/**
 * Bits of n-grams seen, one table after the other for each n: two bits of an n-gram, both in the same word. A text uses at
 * least 32 bits of a table for each of its words, so that all tables together stay close to the processor.
 */
let seen = new Int32Array(1 << 15);

/** The upper bits of the product are good ones. */
const MIXER = 0x85ebca6b | 0;

/**
 * At least the characters of the most frequent n-gram times its count, for every n from `shortest` to `longest`: an n-gram came no
 * more often than the rarest of its words.
 */
export function topNGramBounds(table: WordTable, shortest: number, longest: number): Float64Array {
  const { count, codePointsBefore: before } = table;
  const bounds = new Float64Array(longest - shortest + 1);
  if (count > MAXIMUM_WORDS) return bounds.fill(Infinity);
  countWords(table);
  const slotOf = slots;
  for (let at = 0; at + shortest <= count; at++) {
    let rarest = occurrences[slotOf[at]];
    for (let word = at + 1; word < at + shortest - 1; word++) rarest = Math.min(rarest, occurrences[slotOf[word]]);
    const end = Math.min(count, at + longest);
    for (let last = at + shortest - 1; last < end; last++) {
      rarest = Math.min(rarest, occurrences[slotOf[last]]);
      const product = rarest * (before[last + 1] - before[at] + last - at);
      const length = last - at - shortest + 1;
      if (product > bounds[length]) bounds[length] = product;
    }
  }
  return bounds;
}

function countWords({ count, hashes }: WordTable): void {
  if (slots.length < count) slots = new Int32Array(count * 2);
  const slotOf = slots;
  const shift = Math.clz32(count) - 2;
  occurrences.fill(0, 0, 1 << (32 - shift));
  for (let word = 0; word < count; word++) {
    const slot = Math.imul(hashes[word], MIXER) >>> shift;
    slotOf[word] = slot;
    occurrences[slot]++;
  }
}

/**
 * At least the characters in n-grams seen before, for every n from `shortest` to `longest`: those under all n-grams that may have been.
 * One pass for all lengths, since the hash of an n-gram comes from that of the one before it.
 */
export function duplicateNGramBounds(table: WordTable, shortest: number, longest: number): Float64Array {
  const { count, hashes, powers, codePointsBefore: before } = table;
  const lengths = longest - shortest + 1;
  if (count > MAXIMUM_WORDS) return new Float64Array(lengths).fill(Infinity);
  const bits = Math.min(22, 37 - Math.clz32(count));
  const shift = 32 - bits;
  const words = 1 << Math.max(0, bits - 5);
  if (seen.length < words * lengths) seen = new Int32Array(words * lengths);
  else seen.fill(0, 0, words * lengths);
  const bitsSeen = seen;
  const covered = new Float64Array(lengths);
  const coveredTo = new Int32Array(lengths);
  for (let at = 0; at + shortest <= count; at++) {
    let hash = 0;
    for (let word = at; word < at + shortest - 1; word++) hash = (Math.imul(hash, powers[word]) + hashes[word]) | 0;
    const end = Math.min(count, at + longest);
    for (let last = at + shortest - 1, length = 0; last < end; last++, length++) {
      hash = (Math.imul(hash, powers[last]) + hashes[last]) | 0;
      const mixed = Math.imul(hash, MIXER);
      const bit = mixed >>> shift;
      const index = length * words + (bit >>> 5);
      const mask = (1 << (bit & 31)) | (1 << (mixed & 31));
      const there = bitsSeen[index];
      if ((there & mask) !== mask) {
        bitsSeen[index] = there | mask;
        continue;
      }
      covered[length] += before[last + 1] - before[Math.max(at, coveredTo[length])];
      coveredTo[length] = last + 1;
    }
  }
  return covered;
}

/**
 * Byte-pair encoding of one word: while some neighbours have a merge, the merge of lowest rank is done, the leftmost of
 * equals first (Sennrich, Haddow and Birch 2016, section 3.2).
 */
import { grown } from './growing-array.ts';
import type { MergeTable } from './merge-table.ts';

/** Above this many symbols the queue pays. */
const LONG_WORD = 96;
const NONE = 0x7fffffff;

/**
 * Merges the symbols of a word in place.
 *
 * @param symbols token ids of the word's bytes; holds the result afterwards
 * @returns how many tokens the result has
 */
export function mergeWord(symbols: Int32Array, length: number, merges: MergeTable): number {
  return length > LONG_WORD ? mergeLongWord(symbols, length, merges) : mergeShortWord(symbols, length, merges);
}

/** Per symbol: the rank of its merge with the next, or NONE, and where the merge is kept. */
let ranks = new Int32Array(128);
let found = new Int32Array(128);

function lookUp(merges: MergeTable, symbols: Int32Array, index: number): void {
  const at = merges.find(symbols[index], symbols[index + 1]);
  found[index] = at;
  ranks[index] = at === -1 ? NONE : merges.rank(at);
}

/** Looks for the lowest rank again after every merge: quadratic, and fastest for words as they are. */
export function mergeShortWord(symbols: Int32Array, length: number, merges: MergeTable): number {
  ranks = grown(ranks, length);
  found = grown(found, length);
  let count = length;
  for (let index = 0; index + 1 < count; index++) lookUp(merges, symbols, index);
  while (count > 1) {
    let best = 0;
    for (let index = 1; index + 1 < count; index++) if (ranks[index] < ranks[best]) best = index;
    if (ranks[best] === NONE) break;
    symbols[best] = merges.result(found[best]);
    count--;
    for (let index = best + 1; index < count; index++) {
      symbols[index] = symbols[index + 1];
      ranks[index] = ranks[index + 1];
      found[index] = found[index + 1];
    }
    if (best > 0) lookUp(merges, symbols, best - 1);
    if (best + 1 < count) lookUp(merges, symbols, best);
  }
  return count;
}

function rankOf(merges: MergeTable, first: number, second: number): number {
  const at = merges.find(first, second);
  return at === -1 ? NONE : merges.rank(at);
}

/** A queue of (rank, position), lowest first; both fit into the 53 bits of one number. */
class MergeQueue {
  #items: Float64Array;
  #size = 0;

  constructor(capacity: number) {
    this.#items = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  push(rank: number, position: number): void {
    this.#items = grown(this.#items, this.#size + 1);
    const items = this.#items;
    const item = rank * 2 ** 29 + position;
    let at = this.#size++;
    for (let parent = (at - 1) >> 1; at > 0 && items[parent] > item; parent = (at - 1) >> 1) {
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  /** Takes the lowest; gives its position and leaves its rank in `lastRank`. */
  pop(): number {
    const items = this.#items;
    const top = items[0];
    const item = items[--this.#size];
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && items[child + 1] < items[child]) child++;
      if (items[child] >= item) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = item;
    this.lastRank = Math.floor(top / 2 ** 29);
    return top % 2 ** 29;
  }

  lastRank = 0;
}

/** A linked list and a queue: n log n, for words of any length (V8 strings end before 2^29 characters). */
export function mergeLongWord(symbols: Int32Array, length: number, merges: MergeTable): number {
  const next = Int32Array.from({ length }, (_, index) => index + 1);
  const previous = Int32Array.from({ length }, (_, index) => index - 1);
  const queue = new MergeQueue(length);
  const offer = (position: number): void => {
    if (position < 0 || next[position] >= length) return;
    const rank = rankOf(merges, symbols[position], symbols[next[position]]);
    if (rank !== NONE) queue.push(rank, position);
  };
  for (let position = 0; position < length; position++) offer(position);
  while (queue.size > 0) {
    const position = queue.pop();
    const right = next[position];
    const isStale = symbols[position] === -1 || right >= length;
    if (isStale || rankOf(merges, symbols[position], symbols[right]) !== queue.lastRank) continue;
    symbols[position] = merges.result(merges.find(symbols[position], symbols[right]));
    symbols[right] = -1;
    next[position] = next[right];
    if (next[right] < length) previous[next[right]] = position;
    offer(previous[position]);
    offer(position);
  }
  let count = 0;
  for (let position = 0; position < length; position = next[position]) symbols[count++] = symbols[position];
  return count;
}

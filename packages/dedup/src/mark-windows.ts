import { buildSuffixArray, commonPrefixes } from './suffix-array.ts';
import { joinRange } from './window-filter.ts';
import type { SymbolRange, Symbols } from './window-filter.ts';

/** Which copies of a window are repeats: all but the first, or all. */
export type KeptCopy = 'first' | 'none';

/** What is known of a place: that no window begins there, one that occurs once, the first of several, a later one. */
const MARK = { none: 0, single: 1, first: 2, copy: 3 };

/** Whether a place with a mark is wanted, by mark. */
export type MarkChoice = readonly boolean[];

/** Places of repeats. */
export const REPEATS: Record<KeptCopy, MarkChoice> = {
  first: [false, false, false, true],
  none: [false, false, true, true],
};

/** Places of windows of which each is another. */
export const DISTINCT: MarkChoice = [false, true, true, false];

/** Sequences behind one another; number s lies in [starts[s], starts[s + 1]). */
export interface JoinedSymbols {
  symbols: Symbols;
  starts: readonly number[];
}

/** Bytes of memory that {@link markWindows} takes for each symbol, about. */
export const MARKING_BYTES = 24;

/** Puts sequences behind one another. */
export function joinSymbols(sequences: readonly Symbols[]): JoinedSymbols {
  const starts = [0];
  for (const { length } of sequences) starts.push(starts[starts.length - 1] + length);
  const length = starts[sequences.length];
  const symbols = sequences[0] instanceof Uint32Array ? new Uint32Array(length) : new Uint8Array(length);
  for (const [index, sequence] of sequences.entries()) symbols.set(sequence, starts[index]);
  return { symbols, starts };
}

/** Marks the windows of so many symbols that lie within one sequence. */
function markSingles({ symbols, starts }: JoinedSymbols, minimum: number): Uint8Array {
  const marks = new Uint8Array(symbols.length);
  for (let index = 0; index + 1 < starts.length; index++) {
    marks.fill(MARK.single, starts[index], Math.max(starts[index], starts[index + 1] - minimum + 1));
  }
  return marks;
}

/** Token ids in the order of their size, numbered without gaps, as sorting by buckets wants it. */
function denseSymbols(symbols: Symbols): { symbols: Uint8Array | Int32Array; largest: number } {
  if (symbols instanceof Uint8Array) return { symbols, largest: 255 };
  const known = symbols
    .slice()
    .sort()
    .filter((value, index, all) => index === 0 || value !== all[index - 1]);
  const numbers = new Map(Array.from(known, (value, number) => [value, number]));
  return { symbols: Int32Array.from(symbols, (value) => numbers.get(value)!), largest: Math.max(0, known.length - 1) };
}

/** Marks the copies of one window. */
function markCopies(places: Int32Array, marks: Uint8Array): void {
  let first = -1;
  let copies = 0;
  for (const at of places) {
    if (marks[at] === MARK.none) continue;
    copies++;
    marks[at] = MARK.copy;
    if (first < 0 || at < first) first = at;
  }
  if (copies > 0) marks[first] = copies === 1 ? MARK.single : MARK.first;
}

/**
 * Marks the places where a window of `minimum` symbols begins, by whether it is repeated. Suffixes that begin with the same
 * window are neighbours in the suffix array; windows that reach into the next sequence don't count. A longer repeat is one
 * window after the other.
 */
export function markWindows(joined: JoinedSymbols, minimum: number): Uint8Array {
  const { symbols, largest } = denseSymbols(joined.symbols);
  const suffixes = buildSuffixArray(symbols, largest);
  const common = commonPrefixes(symbols, suffixes, minimum);
  const marks = markSingles(joined, minimum);
  for (let begin = 0; begin < suffixes.length;) {
    let end = begin + 1;
    while (end < suffixes.length && common[end] === minimum) end++;
    if (end - begin > 1) markCopies(suffixes.subarray(begin, end), marks);
    begin = end;
  }
  return marks;
}

/** Joins wanted windows that touch into ranges. */
export function rangesOf(marks: Uint8Array, minimum: number, wanted: MarkChoice): SymbolRange[] {
  const ranges: SymbolRange[] = [];
  for (let at = 0; at < marks.length; at++) if (wanted[marks[at]]) joinRange(ranges, at, at + minimum);
  return ranges;
}

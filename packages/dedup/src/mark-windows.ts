import { buildSuffixArray, commonPrefixes } from './suffix-array.ts';
import type { SymbolRange, Symbols } from './window-filter.ts';

/** Which copies of a window are repeats: all but the first, or all. */
export type KeptCopy = 'first' | 'none';

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

/** 1 where a window of so many symbols lies within one sequence. */
function roomFor({ symbols, starts }: JoinedSymbols, minimum: number): Uint8Array {
  const enough = new Uint8Array(symbols.length);
  for (let index = 0; index + 1 < starts.length; index++) {
    enough.fill(1, starts[index], Math.max(starts[index], starts[index + 1] - minimum + 1));
  }
  return enough;
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

/** Marks where copies of one window begin. */
function markCopies(places: Int32Array, fits: Uint8Array, marks: Uint8Array, keep: KeptCopy): void {
  let first = -1;
  let copies = 0;
  for (const at of places) {
    if (fits[at] === 0) continue;
    copies++;
    marks[at] = 1;
    if (first < 0 || at < first) first = at;
  }
  if (copies === 1 || (copies > 0 && keep === 'first')) marks[first] = 0;
}

/**
 * Marks the places where a repeated window of `minimum` symbols begins. Suffixes that begin with the same window are
 * neighbours in the suffix array; windows that reach into the next sequence don't count. A longer repeat is one window
 * after the other.
 */
export function markWindows(joined: JoinedSymbols, minimum: number, keep: KeptCopy): Uint8Array {
  const { symbols, largest } = denseSymbols(joined.symbols);
  const suffixes = buildSuffixArray(symbols, largest);
  const common = commonPrefixes(symbols, suffixes, minimum);
  const fits = roomFor(joined, minimum);
  const marks = new Uint8Array(symbols.length);
  for (let begin = 0; begin < suffixes.length;) {
    let end = begin + 1;
    while (end < suffixes.length && common[end] === minimum) end++;
    if (end - begin > 1) markCopies(suffixes.subarray(begin, end), fits, marks, keep);
    begin = end;
  }
  return marks;
}

/** Joins marked windows that touch into ranges. */
export function* rangesOf(marks: Uint8Array, minimum: number): Generator<SymbolRange> {
  for (let at = marks.indexOf(1); at >= 0; at = marks.indexOf(1, at + 1)) {
    let end = at + minimum;
    const start = at;
    while (at < end && at + 1 < marks.length) if (marks[++at] === 1) end = at + minimum;
    yield { start, end };
  }
}

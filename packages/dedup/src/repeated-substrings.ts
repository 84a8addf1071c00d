import { DedupError } from './dedup-error.ts';
import { REPEATS, joinSymbols, markWindows, rangesOf } from './mark-windows.ts';
import type { KeptCopy } from './mark-windows.ts';
import { WindowFilter } from './window-filter.ts';
import type { SymbolRange, Symbols } from './window-filter.ts';

/** What counts as repeated, and which copies are found. */
export interface SubstringOptions {
  /** UTF-8 bytes that must be the same; default 200 */
  minimumBytes?: number;
  /** `first`: the first copy is no repeat (default); `none`: every copy is, as in "Deduplicating Training Data" (Lee et al. 2022) */
  keep?: KeptCopy;
}

/** The same for lists of token ids. */
export interface TokenOptions {
  /** tokens that must be the same; default 50 */
  minimumTokens?: number;
  keep?: KeptCopy;
}

/** A part of a text that is repeated, as indices into the string: from `start` up to, not including, `end`. */
export type TextRange = SymbolRange;

const MOST_SYMBOLS = 2 ** 30;
const FILTER_BYTES = 512 * 2 ** 20;
const isContinuation = (byte: number) => (byte & 0xc0) === 0x80;

/** A part of a sequence that may be repeated. */
interface Piece extends SymbolRange {
  sequence: number;
}

function findPieces(sequences: readonly Symbols[], minimum: number): Piece[] {
  const windows = sequences.reduce((sum, { length }) => sum + Math.max(0, length - minimum + 1), 0);
  const filter = new WindowFilter(minimum, windows, FILTER_BYTES);
  for (const symbols of sequences) filter.note(symbols);
  return sequences.flatMap((symbols, sequence) => filter.candidates(symbols).map((range) => ({ ...range, sequence })));
}

function checkLength(pieces: readonly Piece[]): void {
  const length = pieces.reduce((sum, { start, end }) => sum + end - start, 0);
  if (length <= MOST_SYMBOLS) return;
  const message = `${length} symbols may be repeated, at most ${MOST_SYMBOLS} can be searched at once; use the command "substrings"`;
  throw new DedupError('OUT_OF_MEMORY', message);
}

/** @throws DedupError `INVALID_OPTION` */
export function checkMinimum(name: string, minimum: number): void {
  if (Number.isSafeInteger(minimum) && minimum >= 1) return;
  throw new DedupError('INVALID_OPTION', `${name} must be a positive integer, got ${minimum}`);
}

/** The repeated ranges of each sequence, ascending; neighbours are joined. */
function findRepeats(sequences: readonly Symbols[], minimum: number, keep: KeptCopy): SymbolRange[][] {
  const pieces = findPieces(sequences, minimum);
  checkLength(pieces);
  const joined = joinSymbols(pieces.map(({ sequence, start, end }) => sequences[sequence].subarray(start, end)));
  const marks = pieces.length === 0 ? new Uint8Array(0) : markWindows(joined, minimum);
  const found = sequences.map((): SymbolRange[] => []);
  for (const [index, { sequence, start }] of pieces.entries()) {
    const ranges = rangesOf(marks.subarray(joined.starts[index], joined.starts[index + 1]), minimum, REPEATS[keep]);
    for (const range of ranges) found[sequence].push({ start: start + range.start, end: start + range.end });
  }
  return found;
}

/** The index in the string of a place in its bytes; asked for ascending places. */
function characterIndex(bytes: Uint8Array): (place: number) => number {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let [byte, index] = [0, 0];
  return (place) => {
    index += decoder.decode(bytes.subarray(byte, place)).length;
    byte = place;
    return index;
  };
}

/** Ranges of the bytes of a text as ranges of the text, drawn in to whole characters. */
export function textRanges(bytes: Uint8Array, ranges: readonly SymbolRange[]): TextRange[] {
  const indexOf = characterIndex(bytes);
  return ranges.flatMap(({ start: first, end: last }) => {
    let [start, end] = [first, last];
    while (start < end && isContinuation(bytes[start])) start++;
    while (end > start && end < bytes.length && isContinuation(bytes[end])) end--;
    return end > start ? [{ start: indexOf(start), end: indexOf(end) }] : [];
  });
}

/**
 * Finds parts of texts, of `minimumBytes` and more, that stand elsewhere too, in the same text or another: by a suffix
 * array over the UTF-8 bytes of what may be repeated, which hashes of their minimizers tell. Ranges end at whole characters, so that
 * cutting them out leaves valid text.
 *
 * Takes about 24 bytes of memory for each byte that may be repeated, at most 1 GiB of these, and some for each of the others.
 *
 * @returns the ranges in each text, ascending; neighbours are joined
 * @throws DedupError `INVALID_OPTION`, `OUT_OF_MEMORY`
 */
export function findRepeatedSubstrings(
  texts: readonly string[],
  { minimumBytes = 200, keep = 'first' }: SubstringOptions = {},
): TextRange[][] {
  checkMinimum('minimumBytes', minimumBytes);
  const sequences = texts.map((text) => Buffer.from(text));
  const found = findRepeats(sequences, minimumBytes, keep);
  return found.map((ranges, index) => textRanges(sequences[index], ranges));
}

/**
 * The same over lists of token ids: parts of `minimumTokens` and more that stand elsewhere too.
 *
 * @returns the ranges in each list, as indices, ascending; neighbours are joined
 * @throws DedupError `INVALID_OPTION`, `OUT_OF_MEMORY`
 */
export function findRepeatedTokens(
  sequences: readonly (Uint16Array | Uint32Array)[],
  { minimumTokens = 50, keep = 'first' }: TokenOptions = {},
): TextRange[][] {
  checkMinimum('minimumTokens', minimumTokens);
  const wide = sequences.map((tokens) => (tokens instanceof Uint32Array ? tokens : Uint32Array.from(tokens)));
  return findRepeats(wide, minimumTokens, keep);
}

/** A text without some ranges of it. */
export function cutRanges(text: string, ranges: readonly TextRange[]): string {
  const starts = [0, ...ranges.map(({ end }) => end)];
  return starts.map((start, index) => text.slice(start, ranges[index]?.start)).join('');
}

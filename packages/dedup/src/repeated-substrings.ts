import { DedupError } from './dedup-error.ts';
import { buildSuffixArray, commonPrefixes } from './suffix-array.ts';

/** What counts as repeated, and which copies are found. */
export interface SubstringOptions {
  /** UTF-8 bytes that must be the same; default 200 */
  minimumBytes?: number;
  /** `first`: the first copy is no repeat (default); `none`: every copy is, as in "Deduplicating Training Data" (Lee et al. 2022) */
  keep?: 'first' | 'none';
}

/** A part of a text that is repeated, as indices into the string: from `start` up to, not including, `end`. */
export interface TextRange {
  start: number;
  end: number;
}

/** Bytes of memory for each byte of text, about. */
export const SUBSTRING_BYTES_PER_BYTE = 24;

const MOST_BYTES = 2 ** 30;
const isContinuation = (byte: number) => (byte & 0xc0) === 0x80;

/** Texts behind one another; text t lies in [starts[t], starts[t + 1]). */
interface JoinedTexts {
  bytes: Uint8Array;
  starts: number[];
}

function join(texts: readonly string[]): JoinedTexts {
  const starts = [0];
  for (const text of texts) starts.push(starts[starts.length - 1] + Buffer.byteLength(text));
  const length = starts[texts.length];
  if (length > MOST_BYTES) {
    throw new DedupError(
      'OUT_OF_MEMORY',
      `the texts have ${length} bytes, at most ${MOST_BYTES} can be searched at once`,
    );
  }
  const bytes = Buffer.alloc(length);
  for (const [index, text] of texts.entries()) bytes.write(text, starts[index]);
  return { bytes, starts };
}

/** How many bytes from each place to the end of its text; capped, which is all that is asked. */
function roomFor({ bytes, starts }: JoinedTexts, minimum: number): Uint8Array {
  const enough = new Uint8Array(bytes.length);
  for (let text = 0; text + 1 < starts.length; text++)
    enough.fill(1, starts[text], Math.max(starts[text], starts[text + 1] - minimum + 1));
  return enough;
}

/** Marks where copies of one window begin. */
function markCopies(places: Int32Array, fits: Uint8Array, marks: Uint8Array, keep: 'first' | 'none'): void {
  const copies = places.filter((at) => fits[at] === 1);
  if (copies.length < 2) return;
  for (const at of copies) marks[at] = 1;
  if (keep === 'first') marks[copies.reduce((first, at) => Math.min(first, at))] = 0;
}

/**
 * Marks the places where a repeated window of `minimum` bytes begins. Suffixes that begin with the same window are
 * neighbours in the suffix array; windows that reach into the next text don't count. A longer repeat is one window after
 * the other.
 */
function markWindows(joined: JoinedTexts, minimum: number, keep: 'first' | 'none'): Uint8Array {
  const suffixes = buildSuffixArray(joined.bytes);
  const common = commonPrefixes(joined.bytes, suffixes, minimum);
  const fits = roomFor(joined, minimum);
  const marks = new Uint8Array(joined.bytes.length);
  for (let begin = 0; begin < suffixes.length;) {
    let end = begin + 1;
    while (end < suffixes.length && common[end] === minimum) end++;
    if (end - begin > 1) markCopies(suffixes.subarray(begin, end), fits, marks, keep);
    begin = end;
  }
  return marks;
}

/** Joins windows into ranges of bytes, drawn in to whole characters. */
function* rangesOf(bytes: Uint8Array, marks: Uint8Array, minimum: number): Generator<[start: number, end: number]> {
  for (let at = 0; at < marks.length; at++) {
    if (marks[at] === 0) continue;
    let [start, end] = [at, at + minimum];
    while (at < end && at + 1 < marks.length) if (marks[++at] === 1) end = at + minimum;
    while (start < end && isContinuation(bytes[start])) start++;
    while (end > start && end < bytes.length && isContinuation(bytes[end])) end--;
    if (end > start) yield [start, end];
  }
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

/**
 * Finds parts of texts, of `minimumBytes` and more, that stand elsewhere too, in the same text or another, by a suffix
 * array over their UTF-8 bytes. Ranges end at whole characters, so that cutting them out leaves valid text.
 *
 * Takes about 24 bytes of memory for each byte of text, at most 1 GiB of text.
 *
 * @returns the ranges in each text, ascending; neighbours are joined
 * @throws DedupError `INVALID_OPTION`, `OUT_OF_MEMORY`
 */
export function findRepeatedSubstrings(
  texts: readonly string[],
  { minimumBytes = 200, keep = 'first' }: SubstringOptions = {},
): TextRange[][] {
  if (!Number.isSafeInteger(minimumBytes) || minimumBytes < 1) {
    throw new DedupError('INVALID_OPTION', `minimumBytes must be a positive integer, got ${minimumBytes}`);
  }
  const joined = join(texts);
  const marks = markWindows(joined, minimumBytes, keep);
  return texts.map((_, index) => {
    const [start, end] = [joined.starts[index], joined.starts[index + 1]];
    const bytes = joined.bytes.subarray(start, end);
    const indexOf = characterIndex(bytes);
    const ranges = rangesOf(bytes, marks.subarray(start, end), minimumBytes);
    return Array.from(ranges, ([from, to]) => ({ start: indexOf(from), end: indexOf(to) }));
  });
}

/** A text without some ranges of it. */
export function cutRanges(text: string, ranges: readonly TextRange[]): string {
  const starts = [0, ...ranges.map(({ end }) => end)];
  return starts.map((start, index) => text.slice(start, ranges[index]?.start)).join('');
}

import type { TextDocument } from './exact-deduplicator.ts';
import { FingerprintTable } from './fingerprint-table.ts';
import { hashText } from './hash-text.ts';
import { normalizeText } from './normalize-text.ts';

/** Splits a text into pieces that make up the whole text, white space and all. */
export type SentenceSplitter = (text: string) => string[];

/** How spans are cut and what is left of a document. The defaults are datatrove's, after C4 (Raffel et al. 2020, §2.2). */
export interface SentenceOptions {
  /** sentences of a span; default 3 */
  spanSentences?: number;
  /** a document that was changed and has fewer words is removed; default 50 */
  minimumWords?: number;
  /** a document that was changed and has fewer sentences is removed; default 3 */
  minimumSentences?: number;
  /** spans of fewer words stay, though they are repeated; default 0 */
  minimumSpanWords?: number;
  /** default: the sentences of `Intl.Segmenter` in English */
  split?: SentenceSplitter;
}

/** What is left of a document. */
export interface SentenceResult {
  /** the text without its repeated spans; the same as before if it has none */
  text: string;
  /** the text is as it was, or long enough still */
  kept: boolean;
  /** the pieces that were cut out */
  removed: string[];
}

/** One for each locale asked for: making one takes longer than splitting a short text. */
const segmenters = new Map<string, Intl.Segmenter>();

/** Characters that are looked at together: time grows with their square in the segmenter of Node. */
const WINDOW = 4096;

/**
 * Where to go on after a window that is not the last: at a boundary that nothing behind the window could move, as there is a
 * letter behind it (UAX 29 looks ahead up to one); −1 where there is none.
 */
function lastSureBoundary(segments: readonly Intl.SegmentData[]): number {
  for (let index = segments.length - 1; index > 0; index--) {
    if (/\p{L}/u.test(segments[index].segment)) return index;
  }
  return -1;
}

/** Splits a text by Unicode's rules for sentences (UAX 29), in time that grows with its length. */
export function splitSentences(text: string, locale = 'en'): string[] {
  const segmenter = segmenters.get(locale) ?? new Intl.Segmenter(locale, { granularity: 'sentence' });
  segmenters.set(locale, segmenter);
  const sentences: string[] = [];
  let size = WINDOW;
  for (let start = 0; start < text.length;) {
    const segments = Array.from(segmenter.segment(text.slice(start, start + size)));
    const isLast = start + size >= text.length;
    const count = isLast ? segments.length : lastSureBoundary(segments);
    for (const { segment } of segments.slice(0, Math.max(0, count))) sentences.push(segment);
    if (isLast) break;
    start += count > 0 ? segments[count].index : 0;
    size = count > 0 ? WINDOW : 2 * size;
  }
  return sentences;
}

const countWords = (text: string) => text.split(/\s+/).filter((word) => word !== '').length;

/** Some sentences that stand behind one another in a text. */
export interface SentenceSpan {
  /** xxHash of what {@link normalizeText} makes of the sentences */
  hash: bigint;
  /** characters of the text */
  start: number;
  end: number;
}

/** Ranges of characters, ascending; a span that touches the last range is joined to it. */
export function joinSpan(ranges: [start: number, end: number][], { start, end }: { start: number; end: number }): void {
  const last = ranges.at(-1);
  if (last && start <= last[1]) last[1] = end;
  else ranges.push([start, end]);
}

/**
 * Cuts out what stands in an earlier place already: every span of three sentences but its first occurrence, within a
 * document and among all. Spans are compared as {@link normalizeText} gives their sentences, by 64 bits of xxHash.
 *
 * Does what datatrove's sentence deduplication does on one file, without its errors: sentences beyond 65 535 count, and a
 * span that is too short to remove stays whole.
 */
export class SentenceDeduplicator {
  readonly #spanSentences: number;
  readonly #minimumWords: number;
  readonly #minimumSentences: number;
  readonly #minimumSpanWords: number;
  readonly #split: SentenceSplitter;
  readonly #seen = new FingerprintTable(2);
  #spans = 0;

  constructor(options: SentenceOptions = {}) {
    this.#spanSentences = options.spanSentences ?? 3;
    this.#minimumWords = options.minimumWords ?? 50;
    this.#minimumSentences = options.minimumSentences ?? 3;
    this.#minimumSpanWords = options.minimumSpanWords ?? 0;
    this.#split = options.split ?? splitSentences;
  }

  /** Takes the next document; what it says for the first time counts as known from now on. */
  add({ text }: TextDocument): SentenceResult {
    const ranges: [number, number][] = [];
    for (const span of this.spansOf(text)) if (!this.#isNew(span.hash)) joinSpan(ranges, span);
    return this.cut(text, ranges);
  }

  /** The spans of a text, in order, but those of white space only. */
  spansOf(text: string): SentenceSpan[] {
    const sentences = this.#split(text);
    const normalized = sentences.map((sentence) => normalizeText(sentence));
    const ends: number[] = [];
    for (const { length } of sentences) ends.push((ends.at(-1) ?? 0) + length);
    const spans: SentenceSpan[] = [];
    for (let last = this.#spanSentences - 1; last < sentences.length; last++) {
      const first = last - this.#spanSentences + 1;
      const span = normalized.slice(first, last + 1).join(' ');
      if (span.trim() === '') continue;
      spans.push({ hash: hashText(span, 'xxh64'), start: first === 0 ? 0 : ends[first - 1], end: ends[last] });
    }
    return spans;
  }

  /** What is left of a text when ranges of its characters are cut out. */
  cut(text: string, ranges: readonly (readonly [start: number, end: number])[]): SentenceResult {
    const long = ranges.filter(([start, end]) => countWords(text.slice(start, end)) >= this.#minimumSpanWords);
    if (long.length === 0) return { text, kept: text !== '', removed: [] };
    const starts = [0, ...long.map(([, end]) => end)];
    const kept = starts.map((start, index) => text.slice(start, long[index]?.[0]));
    const left = kept.join('').trimStart();
    return {
      text: left,
      kept: this.#isLongEnough(left),
      removed: long.map(([start, end]) => text.slice(start, end)),
    };
  }

  #isNew(hash: bigint): boolean {
    const words = new Uint32Array(BigUint64Array.of(hash).buffer);
    return this.#seen.add(words, 0, this.#spans) === this.#spans++;
  }

  #isLongEnough(text: string): boolean {
    if (text === '' || countWords(text) < this.#minimumWords) return false;
    return this.#split(text).length >= this.#minimumSentences;
  }
}

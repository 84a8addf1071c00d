import type { TextDocument } from './exact-deduplicator.ts';
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

/** A `Set` holds at most 2^24 values, so that hashes are spread over many. */
const SHARDS = 256n;

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
  readonly #seen = Array.from({ length: Number(SHARDS) }, () => new Set<bigint>());

  constructor(options: SentenceOptions = {}) {
    this.#spanSentences = options.spanSentences ?? 3;
    this.#minimumWords = options.minimumWords ?? 50;
    this.#minimumSentences = options.minimumSentences ?? 3;
    this.#minimumSpanWords = options.minimumSpanWords ?? 0;
    this.#split = options.split ?? splitSentences;
  }

  /** Takes the next document; what it says for the first time counts as known from now on. */
  add({ text }: TextDocument): SentenceResult {
    const sentences = this.#split(text);
    const spans = this.#findRepeats(sentences);
    if (spans.length === 0) return { text, kept: text !== '', removed: [] };
    const kept = sentences.filter((_, index) => !spans.some(([start, end]) => index >= start && index < end));
    const left = kept.join('').trimStart();
    return {
      text: left,
      kept: this.#isLongEnough(left),
      removed: spans.map(([start, end]) => sentences.slice(start, end).join('')),
    };
  }

  /** The hashes of a text's spans, in order; what {@link SentenceDeduplicator.addIfNew} takes. */
  spanHashes(text: string): bigint[] {
    const hashes = this.#spansOf(this.#split(text)).map((span) =>
      span.trim() === '' ? null : hashText(span, 'xxh64'),
    );
    return hashes.filter((hash) => hash !== null);
  }

  /**
   * Takes the next document by the hashes of its spans if none of them is a repeat.
   *
   * @returns false where one is: nothing is taken, {@link SentenceDeduplicator.add} has to do it
   */
  addIfNew(hashes: BigUint64Array): boolean {
    if (hashes.some((hash) => this.#shardOf(hash).has(hash)) || new Set(hashes).size < hashes.length) return false;
    for (const hash of hashes) this.#shardOf(hash).add(hash);
    return true;
  }

  /** Sentences that stand behind one another, normalised, from each sentence that has enough behind it. */
  #spansOf(sentences: readonly string[]): string[] {
    const size = this.#spanSentences;
    const normalized = sentences.map((sentence) => normalizeText(sentence));
    const count = Math.max(0, sentences.length - size + 1);
    return Array.from({ length: count }, (_, start) => normalized.slice(start, start + size).join(' '));
  }

  /** Ranges of sentences to cut out, ascending, joined where they touch. */
  #findRepeats(sentences: string[]): [start: number, end: number][] {
    const size = this.#spanSentences;
    const ranges: [number, number][] = [];
    for (const [start, span] of this.#spansOf(sentences).entries()) {
      if (span.trim() === '' || this.#isNew(span)) continue;
      const last = ranges.at(-1);
      if (last && start <= last[1]) last[1] = start + size;
      else ranges.push([start, start + size]);
    }
    if (this.#minimumSpanWords === 0) return ranges;
    return ranges.filter(([start, end]) => countWords(sentences.slice(start, end).join('')) >= this.#minimumSpanWords);
  }

  #isNew(span: string): boolean {
    const hash = hashText(span, 'xxh64');
    const shard = this.#shardOf(hash);
    if (shard.has(hash)) return false;
    shard.add(hash);
    return true;
  }

  #shardOf(hash: bigint): Set<bigint> {
    return this.#seen[Number(hash % SHARDS)];
  }

  #isLongEnough(text: string): boolean {
    if (text === '' || countWords(text) < this.#minimumWords) return false;
    return this.#split(text).length >= this.#minimumSentences;
  }
}

import { grown } from './growing-array.ts';
import type { PaddedBytes } from './padded-bytes.ts';
import { Utf8Writer } from './padded-bytes.ts';
import type { Splitter } from './pieces.ts';
import { PieceEnds } from './pieces.ts';
import { WordTable } from './word-table.ts';

/** The different pieces of a corpus and how often each occurs. */
export interface WordCounts {
  words: WordTable;
  /** By word index. */
  counts: Float64Array;
}

/** Counts the pieces of texts. */
export class WordCounter {
  readonly #split: Splitter;
  readonly #writer = new Utf8Writer();
  readonly #pieces = new PieceEnds();
  #words = new WordTable();
  #counts = new Float64Array(1 << 12);

  constructor(split: Splitter) {
    this.#split = split;
  }

  /** Splits a text and counts its pieces. */
  add(text: string): void {
    const utf8 = this.#writer.write(text);
    this.#pieces.size = 0;
    this.#split(utf8, 0, utf8.length, this.#pieces);
    const { items, size } = this.#pieces;
    for (let index = 0, start = 0; index < size; start = items[index++]) this.addWord(utf8, start, items[index], 1);
  }

  /** Counts one piece, so many times. */
  addWord(text: PaddedBytes, start: number, end: number, times: number): void {
    const word = this.#words.intern(text, start, end);
    if (word >= this.#counts.length) this.#counts = grown(this.#counts, word + 1);
    this.#counts[word] += times;
  }

  /** Bytes of the words so far, and what it takes to keep them. */
  get memory(): number {
    return this.#words.byteCount + this.#words.size * 48;
  }

  /** The counts so far; what is counted from now on starts at nothing. */
  take(): WordCounts {
    const taken = { words: this.#words, counts: this.#counts.subarray(0, this.#words.size) };
    this.#words = new WordTable();
    this.#counts = new Float64Array(1 << 12);
    return taken;
  }
}

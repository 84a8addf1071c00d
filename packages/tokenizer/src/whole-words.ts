import type { PaddedBytes } from './padded-bytes.ts';
import type { Vocabulary } from './vocabulary.ts';
import { WordTable } from './word-table.ts';

/** Finds the token that stands for a whole piece of text. */
export class WholeWords {
  readonly #words = new WordTable();
  readonly #tokens: Int32Array;

  /** @param isWord tells which tokens count; added tokens must not come out of ordinary text */
  constructor(vocabulary: Vocabulary, isWord: (id: number) => boolean) {
    this.#tokens = new Int32Array(vocabulary.size);
    const text = vocabulary.allBytes();
    for (const [, id] of vocabulary.entries()) {
      const [start, end] = vocabulary.range(id);
      if (isWord(id) && end > start) this.#tokens[this.#words.intern(text, start, end)] = id;
    }
  }

  /** The token of `text` from `start` to `end`, or -1. */
  find(text: PaddedBytes, start: number, end: number): number {
    const word = this.#words.find(text, start, end);
    return word === -1 ? -1 : this.#tokens[word];
  }
}

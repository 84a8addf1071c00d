import type { Vocabulary } from './vocabulary.ts';
import { WordTable } from './word-table.ts';

/** Finds the token that stands for a whole piece of text. */
export class WholeWords {
  readonly #words = new WordTable();
  readonly #tokens: Int32Array;

  /** @param isWord tells which tokens count; added tokens must not come out of ordinary text */
  constructor(vocabulary: Vocabulary, isWord: (id: number) => boolean) {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    this.#tokens = new Int32Array(vocabulary.size);
    for (const [, id] of vocabulary.entries()) {
      const text = isWord(id) ? decodeOrSkip(decoder, vocabulary.bytes(id)) : '';
      if (text !== '') this.#tokens[this.#words.intern(text, 0, text.length)] = id;
    }
  }

  /** The token of `text` from `start` to `end`, or -1. */
  find(text: string, start: number, end: number): number {
    const word = this.#words.find(text, start, end);
    return word === -1 ? -1 : this.#tokens[word];
  }
}

/** Tokens that end inside a character are no text: no piece is like them. */
function decodeOrSkip(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return '';
  }
}

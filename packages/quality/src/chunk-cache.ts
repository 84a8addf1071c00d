import { isWhitespace } from './python-text.ts';
import { HASH_MULTIPLIER, measureWord, type WordNumbers } from './word-table.ts';

/** A word of a chunk: its numbers, and where in the chunk it stands, in UTF-16 units. */
export interface PlacedWord {
  readonly numbers: WordNumbers;
  readonly start: number;
  readonly end: number;
}

/** Finds words in what they were cut from. A word that is not there is a mark that was written as two, as Treebank's quotes are. */
export function placeWords(chunk: string, words: readonly string[]): PlacedWord[] {
  let at = 0;
  return words.map((word) => {
    while (at < chunk.length && !chunk.startsWith(word, at) && isSpace(chunk.charCodeAt(at))) at++;
    const start = at;
    at += chunk.startsWith(word, at) ? word.length : chunk.startsWith("''", at) ? 2 : 1;
    return { numbers: measureWord(word), start, end: at };
  });
}

/** White space of Python or of JavaScript, which alone counts U+FEFF. */
function isSpace(unit: number): boolean {
  return isWhitespace(unit) || unit === 0xfeff;
}

const BITS = 15;
const MAXIMUM_LENGTH = 40;

/** Remembers how chunks, the runs between spaces, split; pages repeat them. Looks them up where they stand in the text, so that no strings are made. */
export class ChunkCache {
  readonly #places: ({ chunk: string; words: readonly PlacedWord[] } | undefined)[];
  readonly #split: (chunk: string) => readonly PlacedWord[];

  constructor(split: (chunk: string) => readonly PlacedWord[]) {
    this.#split = split;
    this.#places = Array.from({ length: 1 << BITS }, () => undefined);
  }

  /** @param hash polynomial of the chunk's units, as `measureWord` gives it */
  words(text: string, start: number, end: number, hash: number): readonly PlacedWord[] {
    const place = Math.imul(hash, HASH_MULTIPLIER) >>> (32 - BITS);
    const known = this.#places[place];
    if (known !== undefined && known.chunk.length === end - start && text.startsWith(known.chunk, start)) {
      return known.words;
    }
    const chunk = text.slice(start, end);
    const words = this.#split(chunk);
    // A copy: a slice would keep the whole text.
    if (chunk.length <= MAXIMUM_LENGTH) this.#places[place] = { chunk: chunk.split('').join(''), words };
    return words;
  }
}

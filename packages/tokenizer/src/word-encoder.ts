import { BYTE_ALPHABET } from './byte-alphabet.ts';
import { grown } from './growing-array.ts';
import type { MergeTable } from './merge-table.ts';
import { mergeWord } from './merge-word.ts';
import { TokenizerError } from './tokenizer-error.ts';
import type { PaddedBytes } from './padded-bytes.ts';
import type { PieceEnds } from './pieces.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WholeWords } from './whole-words.ts';
import { WordTable } from './word-table.ts';

/** Longer words, in bytes, are not remembered: they seldom come back. */
const LONGEST_REMEMBERED = 64;

/** When so many words, or so many tokens of them, are remembered, all are forgotten: 60 MB at most, whatever the texts. */
const MOST_REMEMBERED = 1 << 18;
const MOST_IDS = 1 << 21;

/** Ids that are being collected. */
export class IdBuffer {
  #ids: Uint32Array;
  #length = 0;

  constructor(expected: number) {
    this.#ids = new Uint32Array(expected);
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#ids[index];
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) this.#ids = grown(this.#ids, this.#length + 16);
    this.#ids[this.#length++] = id;
  }

  /** Appends `source` from `start` to `end`. */
  append(source: Uint32Array | Int32Array, start: number, end: number): void {
    this.#ids = grown(this.#ids, this.#length + end - start);
    for (let index = start; index < end; index++) this.#ids[this.#length++] = source[index];
  }

  finish(): Uint32Array {
    return this.#ids.slice(0, this.#length);
  }
}

/** Encodes the pieces of texts, remembering those it has met. */
export class WordEncoder {
  readonly #merges: MergeTable;
  readonly #wholeWords: WholeWords | undefined;
  /** The token of each single byte, or -1. */
  readonly #byteTokens: Int32Array;
  #symbols = new Int32Array(256);
  readonly #words = new WordTable();
  #remembered = 0;
  /** Per remembered word: its token when it has one, else -1 minus the place of its tokens in `#ids`. */
  #values = new Int32Array(1 << 11);
  /** Of each word of several tokens: how many, and which. */
  #ids = new Uint32Array(1 << 12);
  #idCount = 0;

  /** @param wholeWords pieces that are tokens, whatever the merges say (`ignore_merges`, tiktoken) */
  constructor(vocabulary: Vocabulary, merges: MergeTable, wholeWords?: WholeWords) {
    this.#merges = merges;
    this.#wholeWords = wholeWords;
    this.#byteTokens = Int32Array.from(BYTE_ALPHABET, (character) => vocabulary.id(character) ?? -1);
  }

  /**
   * Appends the tokens of all pieces of a text, the first of which begins at `start`.
   *
   * @throws TokenizerError `UNENCODABLE_BYTE`
   */
  encode(text: PaddedBytes, start: number, { items, size }: PieceEnds, output: IdBuffer): void {
    for (let index = 0; index < size; index++) {
      const end = items[index];
      if (end - start > LONGEST_REMEMBERED) {
        const count = this.#encodeNew(text, start, end);
        output.append(this.#symbols, 0, count);
      } else {
        const value = this.#valueOf(text, start, end);
        if (value >= 0) output.push(value);
        else output.append(this.#ids, -value, -value + this.#ids[-1 - value]);
      }
      start = end;
    }
  }

  #valueOf(text: PaddedBytes, start: number, end: number): number {
    if (this.#remembered === MOST_REMEMBERED || this.#idCount > MOST_IDS) this.#forget();
    const word = this.#words.intern(text, start, end);
    return word === this.#remembered ? this.#remember(text, start, end) : this.#values[word];
  }

  #remember(text: PaddedBytes, start: number, end: number): number {
    const count = this.#encodeOrForget(text, start, end);
    this.#values = grown(this.#values, this.#remembered + 1);
    const value = count === 1 ? this.#symbols[0] : -1 - this.#idCount;
    this.#values[this.#remembered++] = value;
    if (count > 1) {
      this.#ids = grown(this.#ids, this.#idCount + 1 + count);
      this.#ids[this.#idCount++] = count;
      for (let index = 0; index < count; index++) this.#ids[this.#idCount++] = this.#symbols[index];
    }
    return value;
  }

  /** The word is in the table already: when it cannot be encoded, the table must not keep it. */
  #encodeOrForget(text: PaddedBytes, start: number, end: number): number {
    try {
      return this.#encodeNew(text, start, end);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#words.clear();
    this.#remembered = 0;
    this.#idCount = 0;
  }

  /** Encodes into `#symbols`; gives the number of tokens. */
  #encodeNew(text: PaddedBytes, start: number, end: number): number {
    const whole = this.#wholeWords?.find(text, start, end) ?? -1;
    if (whole !== -1) {
      this.#symbols[0] = whole;
      return 1;
    }
    this.#symbols = grown(this.#symbols, end - start);
    for (let index = start; index < end; index++) this.#symbols[index - start] = this.#tokenOfByte(text.bytes[index]);
    return mergeWord(this.#symbols, end - start, this.#merges);
  }

  #tokenOfByte(byte: number): number {
    const token = this.#byteTokens[byte];
    if (token === -1) {
      throw new TokenizerError(
        'UNENCODABLE_BYTE',
        `the vocabulary has no token for the byte 0x${byte.toString(16).padStart(2, '0')}; train with the full byte alphabet`,
      );
    }
    return token;
  }
}

import { BYTE_ALPHABET } from './byte-alphabet.ts';
import { grown } from './growing-array.ts';
import type { MergeTable } from './merge-table.ts';
import { mergeWord } from './merge-word.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { writeUtf8 } from './utf8.ts';
import type { Vocabulary } from './vocabulary.ts';
import type { WholeWords } from './whole-words.ts';
import { WordTable } from './word-table.ts';

/** Longer words are not remembered: they seldom come back. */
const LONGEST_REMEMBERED = 64;

/** When so many words are remembered, all are forgotten: memory stays bounded whatever the texts. */
const MOST_REMEMBERED = 1 << 17;

/** Ids that are being collected. */
export class IdBuffer {
  #ids: Uint32Array;
  #length = 0;

  constructor(expected: number) {
    this.#ids = new Uint32Array(expected);
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

/** Encodes the pieces of a text, remembering those it has met. */
export class WordEncoder {
  readonly #merges: MergeTable;
  readonly #wholeWords: WholeWords | undefined;
  /** The token of each single byte, or -1. */
  readonly #byteTokens: Int32Array;
  #bytes = new Uint8Array(256);
  #symbols = new Int32Array(256);
  #words = new WordTable();
  /** Ids of remembered word i: `#ids` from `#ends[i - 1]` to `#ends[i]`. */
  #ids = new Uint32Array(1 << 12);
  #ends = new Int32Array(1 << 10);
  #remembered = 0;

  /** @param wholeWords pieces that are tokens, whatever the merges say (`ignore_merges`, tiktoken) */
  constructor(vocabulary: Vocabulary, merges: MergeTable, wholeWords?: WholeWords) {
    this.#merges = merges;
    this.#wholeWords = wholeWords;
    this.#byteTokens = Int32Array.from(BYTE_ALPHABET, (character) => vocabulary.id(character) ?? -1);
  }

  /** Appends the tokens of `text` from `start` to `end`, which is one piece. */
  encode(text: string, start: number, end: number, output: IdBuffer): void {
    if (end - start > LONGEST_REMEMBERED) {
      const count = this.#encodeNew(text, start, end);
      output.append(this.#symbols, 0, count);
      return;
    }
    const word = this.#words.intern(text, start, end);
    if (word === this.#remembered) this.#remember(text, start, end);
    output.append(this.#ids, word === 0 ? 0 : this.#ends[word - 1], this.#ends[word]);
    if (this.#remembered === MOST_REMEMBERED) this.#forget();
  }

  #remember(text: string, start: number, end: number): void {
    const first = this.#remembered === 0 ? 0 : this.#ends[this.#remembered - 1];
    const count = this.#encodeOrForget(text, start, end);
    this.#ids = grown(this.#ids, first + count);
    for (let index = 0; index < count; index++) this.#ids[first + index] = this.#symbols[index];
    this.#ends = grown(this.#ends, this.#remembered + 1);
    this.#ends[this.#remembered++] = first + count;
  }

  /** The word is in the table already: when it cannot be encoded, the table must not keep it. */
  #encodeOrForget(text: string, start: number, end: number): number {
    try {
      return this.#encodeNew(text, start, end);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#words = new WordTable();
    this.#remembered = 0;
  }

  /** Encodes into `#symbols`; gives the number of tokens. */
  #encodeNew(text: string, start: number, end: number): number {
    const whole = this.#wholeWords?.find(text, start, end) ?? -1;
    if (whole !== -1) {
      this.#symbols[0] = whole;
      return 1;
    }
    this.#bytes = grown(this.#bytes, (end - start) * 3);
    const length = writeUtf8(text, start, end, this.#bytes);
    this.#symbols = grown(this.#symbols, length);
    for (let index = 0; index < length; index++) this.#symbols[index] = this.#tokenOfByte(this.#bytes[index]);
    return mergeWord(this.#symbols, length, this.#merges);
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

import { PUNCTUATION, punctuationSet, SENTENCE_MARKS } from './punctuation.ts';

/** Odd multiplier of the polynomial word hash; its powers join hashes of neighbouring words. */
export const HASH_MULTIPLIER = 0x9e3779b1 | 0;

const POWERS = new Int32Array(64).fill(1);
for (let length = 1; length < POWERS.length; length++) POWERS[length] = Math.imul(POWERS[length - 1], HASH_MULTIPLIER);

/** The multiplier to the power of a word's length. */
export function powerOf(length: number): number {
  if (length < POWERS.length) return POWERS[length];
  let power = POWERS[POWERS.length - 1];
  for (let at = POWERS.length; at <= length; at++) power = Math.imul(power, HASH_MULTIPLIER);
  return power;
}

/** What a word is made of, as bits. */
export const HAS_LETTER = 1;
/** All characters are punctuation as it was in 2024, and as it is at head. */
export const IS_PUNCTUATION_2024 = 2;
export const IS_PUNCTUATION_HEAD = 4;
/** A mark that ends sentences, and nothing but Unicode punctuation: see `spacy-sentences.ts`. */
export const ENDS_SENTENCE = 8;
export const IS_UNICODE_PUNCTUATION = 16;

const LETTER = /\p{L}/u;
const UNICODE_PUNCTUATION = /^\p{P}+$/u;
const HEAD_PUNCTUATION = punctuationSet('fineweb-head');

/** The numbers of one word. */
export interface WordNumbers {
  /** Polynomial in its UTF-16 units: h = h · m + unit + 1, modulo 2³². */
  readonly hash: number;
  /** m to the power of its UTF-16 length. */
  readonly power: number;
  readonly units: number;
  readonly codePoints: number;
  readonly flags: number;
}

/** The numbers of any word; the fast tokenizer knows those of plain ones without looking. */
export function measureWord(word: string): WordNumbers {
  let hash = 0;
  let power = 1;
  for (let at = 0; at < word.length; at++) {
    hash = (Math.imul(hash, HASH_MULTIPLIER) + word.charCodeAt(at) + 1) | 0;
    power = Math.imul(power, HASH_MULTIPLIER);
  }
  let codePoints = 0;
  let isOld = true;
  let isHead = true;
  for (const character of word) {
    codePoints++;
    isOld &&= PUNCTUATION.has(character);
    isHead &&= HEAD_PUNCTUATION.has(character);
  }
  const flags =
    (LETTER.test(word) ? HAS_LETTER : 0) |
    (isOld ? IS_PUNCTUATION_2024 : 0) |
    (isHead ? IS_PUNCTUATION_HEAD : 0) |
    (SENTENCE_MARKS.has(word) ? ENDS_SENTENCE : 0) |
    (UNICODE_PUNCTUATION.test(word) ? IS_UNICODE_PUNCTUATION : 0);
  return { hash, power, units: word.length, codePoints, flags };
}

/** The numbers of words that came before: languages repeat themselves. */
const known = new Map<string, WordNumbers>();
const MAXIMUM_KNOWN = 1 << 14;
const MAXIMUM_KNOWN_LENGTH = 24;

function recall(word: string): WordNumbers {
  const found = known.get(word);
  if (found) return found;
  const numbers = measureWord(word);
  if (word.length > MAXIMUM_KNOWN_LENGTH) return numbers;
  if (known.size >= MAXIMUM_KNOWN) known.clear();
  known.set(word, numbers);
  return numbers;
}

/**
 * The words of one text as numbers, in arrays that are used again for the next text: all that most filters ask of them. Strings are
 * made only for texts that come near a limit.
 */
export class WordTable {
  count = 0;
  hashes = new Int32Array(1024);
  powers = new Int32Array(1024);
  /** Code points before word i; entry `count` is their total. */
  codePointsBefore = new Int32Array(1025);
  flags = new Uint8Array(1024);
  #starts = new Int32Array(1024);
  #ends = new Int32Array(1024);
  #text = '';

  /** Empties the table; words are stretches of this text. */
  begin(text: string): this {
    this.#text = text;
    this.count = 0;
    return this;
  }

  /** The table of given words, which need not be stretches of a text. */
  static of(words: readonly string[], table: WordTable = new WordTable()): WordTable {
    table.begin(words.join(''));
    let start = 0;
    for (const word of words) {
      table.push(recall(word), start, start + word.length);
      start += word.length;
    }
    return table;
  }

  /** Word i as a string. */
  word(index: number): string {
    return this.#text.slice(this.#starts[index], this.#ends[index]);
  }

  /** @param start position of the word in the text, in UTF-16 units, and `end` that behind it */
  push({ hash, power, codePoints, flags }: WordNumbers, start: number, end: number): void {
    this.pushNumbers(hash, power, start, end, codePoints, flags);
  }

  /** The same without an object. */
  pushNumbers(hash: number, power: number, start: number, end: number, codePoints: number, flags: number): void {
    const index = this.count;
    if (index === this.hashes.length) this.#grow();
    this.hashes[index] = hash;
    this.powers[index] = power;
    this.flags[index] = flags;
    this.#starts[index] = start;
    this.#ends[index] = end;
    this.codePointsBefore[index + 1] = this.codePointsBefore[index] + codePoints;
    this.count = index + 1;
  }

  #grow(): void {
    const size = this.hashes.length * 2;
    this.hashes = copyTo(new Int32Array(size), this.hashes);
    this.powers = copyTo(new Int32Array(size), this.powers);
    this.codePointsBefore = copyTo(new Int32Array(size + 1), this.codePointsBefore);
    this.flags = copyTo(new Uint8Array(size), this.flags);
    this.#starts = copyTo(new Int32Array(size), this.#starts);
    this.#ends = copyTo(new Int32Array(size), this.#ends);
  }
}

function copyTo<T extends Int32Array | Uint8Array>(target: T, source: T): T {
  target.set(source);
  return target;
}

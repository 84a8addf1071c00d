import { ENDS_SENTENCE, IS_UNICODE_PUNCTUATION, measureWord } from './word-table.ts';

/**
 * Counts sentences by the rule of spaCy's sentencizer: after an end mark, the next word that is not punctuation begins a new one, and
 * so does a run of whitespace that spaCy makes a word of its own (more than one space, or no space), if a word follows it.
 */
export class SentenceCounter {
  count = 0;
  #seenEnd = false;
  #gapBegins = false;

  /** @param flags of the next word, see `WordTable` */
  word(flags: number): void {
    if (
      this.count === 0 ||
      this.#gapBegins ||
      (this.#seenEnd && (flags & (ENDS_SENTENCE | IS_UNICODE_PUNCTUATION)) === 0)
    ) {
      this.count++;
      this.#seenEnd = false;
      this.#gapBegins = false;
    }
    if ((flags & ENDS_SENTENCE) !== 0) this.#seenEnd = true;
  }

  /** Whitespace that is a word of its own. */
  gap(): void {
    if (this.#seenEnd) this.#gapBegins = true;
  }
}

/** Sentences in a row of words. */
export function countSentencesOf(words: readonly string[]): number {
  const counter = new SentenceCounter();
  for (const word of words) counter.word(measureWord(word).flags);
  return counter.count;
}

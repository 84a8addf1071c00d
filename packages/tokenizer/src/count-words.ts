import { grown } from './growing-array.ts';
import type { Splitter } from './patterns.ts';
import { WordTable } from './word-table.ts';

/** The different pieces of a corpus and how often each occurs. */
export interface WordCounts {
  words: WordTable;
  /** By word index. */
  counts: Float64Array;
}

/** Splits every text and counts the pieces; a corpus far larger than memory is fine, its vocabulary has to fit. */
export async function countWords(
  texts: AsyncIterable<string> | Iterable<string>,
  split: Splitter,
  onText?: (texts: number, words: number) => void,
): Promise<WordCounts> {
  const words = new WordTable();
  let counts = new Float64Array(1 << 12);
  let textCount = 0;
  for await (const text of texts) {
    split(text, (start, end) => {
      const word = words.intern(text, start, end);
      if (word >= counts.length) counts = grown(counts, word + 1);
      counts[word]++;
    });
    onText?.(++textCount, words.size);
  }
  return { words, counts };
}

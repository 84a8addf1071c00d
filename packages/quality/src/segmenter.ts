import { spacySentenceCount } from './spacy-sentences.ts';
import { spacyWords } from './spacy-words.ts';
import { splitWhitespace } from './python-text.ts';
import { treebankSentences } from './treebank-sentences.ts';
import { treebankWords } from './treebank-words.ts';
import type { Preset } from './preset.ts';

/**
 * How a text falls into words and sentences: the hidden parameter of half of the filters. Whether punctuation marks are
 * words of their own moves the alphabetic share, the symbol ratios and the n-gram shares.
 */
export interface Segmenter {
  readonly name: string;
  /** The words in order, whitespace removed. */
  words(text: string): readonly string[];
  /** How many sentences the text holds. */
  countSentences(text: string): number;
}

/** Keeps the last answer: consecutive filters ask for the words of the same document. */
export function rememberLast<T>(compute: (text: string) => T): (text: string) => T {
  let last: { text: string; value: T } | undefined;
  return (text) => {
    if (last?.text !== text) last = { text, value: compute(text) };
    return last.value;
  };
}

const SENTENCE_END = /[.!?]["')\]”’»]*$/;

/** Whitespace words, as dolma and DCLM use them; a sentence ends with a word that ends in `.`, `!` or `?`. */
export const whitespaceSegmenter: Segmenter = {
  name: 'whitespace',
  words: rememberLast(splitWhitespace),
  countSentences: (text) => {
    const words = splitWhitespace(text);
    if (words.length === 0) return 0;
    const inner = words.slice(0, -1).filter((word) => SENTENCE_END.test(word.slice(-16))).length;
    return inner + 1;
  },
};

/** Penn Treebank words and Punkt-like sentences, close to NLTK's English `word_tokenize` and `sent_tokenize`. */
export const treebankSegmenter: Segmenter = {
  name: 'treebank',
  words: rememberLast(treebankWords),
  countSentences: (text) => treebankSentences(text).length,
};

/** spaCy's blank English tokenizer and rule-based sentencizer. */
export const spacySegmenter: Segmenter = {
  name: 'spacy',
  words: rememberLast(spacyWords),
  countSentences: spacySentenceCount,
};

/** What the preset's code used for English: NLTK in 2024, spaCy today. */
export function defaultSegmenter(preset: Preset): Segmenter {
  return preset === 'fineweb-2024' ? treebankSegmenter : spacySegmenter;
}

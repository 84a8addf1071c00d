import { spacyWords } from './spacy-words.ts';
import { splitWhitespace } from './python-text.ts';
import { treebankSentenceSpans } from './treebank-sentences.ts';
import { fillTreebankTable } from './treebank-table.ts';
import { treebankWords } from './treebank-words.ts';
import type { Preset } from './preset.ts';
import { fillSpacyTable, spacySentenceCount } from './spacy-table.ts';
import { WordTable } from './word-table.ts';

/**
 * How a text falls into words and sentences: the hidden parameter of half of the filters. Whether punctuation marks are
 * words of their own moves the alphabetic share, the symbol ratios and the n-gram shares.
 */
export interface Segmenter {
  readonly name: string;
  /** The words in order, whitespace removed. */
  words(text: string): readonly string[];
  /** How many sentences the text holds; counting may end when there are `enough`. */
  countSentences(text: string, enough?: number): number;
  /** The same words as numbers, for segmenters that can give them faster; valid until the next call. */
  table?(text: string): WordTable;
  /** Every run between whitespace gives at least one word, and every text that is not blank at least one sentence. */
  readonly splitsAtSpaces?: boolean;
}

const sharedTable = new WordTable();
let tabled: { segmenter: Segmenter; text: string } | undefined;

/** The words of a text as numbers; the last one is kept, since consecutive filters ask for the same. */
export function wordTable(segmenter: Segmenter, text: string): WordTable {
  if (segmenter.table) return segmenter.table(text);
  if (tabled?.segmenter !== segmenter || tabled.text !== text) {
    WordTable.of(segmenter.words(text), sharedTable);
    tabled = { segmenter, text };
  }
  return sharedTable;
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
  splitsAtSpaces: true,
  words: rememberLast(splitWhitespace),
  countSentences: (text) => {
    const words = splitWhitespace(text);
    if (words.length === 0) return 0;
    const inner = words.slice(0, -1).filter((word) => SENTENCE_END.test(word.slice(-16))).length;
    return inner + 1;
  },
};

const treebankTable = new WordTable();

/** Penn Treebank words and Punkt-like sentences, close to NLTK's English `word_tokenize` and `sent_tokenize`. */
export const treebankSegmenter: Segmenter = {
  name: 'treebank',
  splitsAtSpaces: true,
  words: rememberLast(treebankWords),
  countSentences: (text, enough) => treebankSentenceSpans(text, enough).length / 2,
  table: rememberLast((text) => fillTreebankTable(text, treebankTable)),
};

const spacyTable = new WordTable();

/** spaCy's blank English tokenizer and rule-based sentencizer. */
export const spacySegmenter: Segmenter = {
  name: 'spacy',
  splitsAtSpaces: true,
  words: rememberLast(spacyWords),
  countSentences: spacySentenceCount,
  table: rememberLast((text) => fillSpacyTable(text, spacyTable)),
};

/** What the preset's code used for English: NLTK in 2024, spaCy today. */
export function defaultSegmenter(preset: Preset): Segmenter {
  return preset === 'fineweb-2024' ? treebankSegmenter : spacySegmenter;
}

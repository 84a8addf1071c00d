/**
 * Penn Treebank words as NLTK's `word_tokenize` finds them: sentence by sentence, a list of rewriting rules puts spaces
 * around whatever is a word of its own. Rules after Robert MacIntyre's Treebank script and NLTK's additions to it.
 * Straight double quotes become `` and '' (two characters each), as they did when the thresholds were chosen.
 */
import { splitWhitespace } from './python-text.ts';
import { treebankSentences } from './treebank-sentences.ts';

type Rule = readonly [pattern: RegExp, replacement: string];

const OPENING_QUOTES: readonly Rule[] = [
  [/[«“‘„]|`+/g, ' $& '],
  [/^"/, '``'],
  [/``/g, ' $& '],
  [/([ ([{<])("|'{2})/g, '$1 `` '],
  [/(?<![\p{L}\p{N}_])'(?!(?:re|ve|ll|m|t|s|d|n)(?![\p{L}\p{N}_]))(?=[\p{L}\p{N}_])/giu, "' "],
];

const MARKS: readonly Rule[] = [
  [/([^.])(\.)([\])}>"'»”’ ]*)$/, '$1 $2 $3 '],
  [/([:,])([^\d])/g, ' $1 $2'],
  [/[:,]$/, ' $& '],
  [/\.{2,}/g, ' $& '],
  [/[;@#$%&\u2012-\u2015?!*]/g, ' $& '],
  [/([^'])' /g, "$1 ' "],
  [/[\][(){}<>]/g, ' $& '],
  [/--/g, ' -- '],
];

const CLOSING_QUOTES: readonly Rule[] = [
  [/[»”’]/g, ' $& '],
  [/''/g, " '' "],
  [/"/g, " '' "],
  [/\s+/g, ' '],
  [/([^' ])('[sSmMdD]|') /g, '$1 $2 '],
  [/([^' ])('ll|'LL|'re|'RE|'ve|'VE|n't|N'T) /g, '$1 $2 '],
];

const CONTRACTIONS: readonly Rule[] = [
  [/\b(can)(not)\b/gi, '$1 $2'],
  [/\b(d)('ye)\b/gi, '$1 $2'],
  [/\b(gim|lem)(me)\b/gi, '$1 $2'],
  [/\b(gon|wan)(na)\b/gi, '$1 $2'],
  [/\b(got)(ta)\b/gi, '$1 $2'],
  [/\b(more)('n)\b/gi, '$1 $2'],
  [/ ('t)(is|was)\b/gi, ' $1 $2 '],
];

function rewrite(text: string, rules: readonly Rule[]): string {
  return rules.reduce((rewritten, [pattern, replacement]) => rewritten.replace(pattern, replacement), text);
}

const MAYBE_CONTRACTION = /cannot|gimme|lemme|gonna|wanna|gotta|d'ye|more'n|'tis|'twas/i;
/** Without quotes and rare marks, only these rules apply: marks stand alone, and so do colons and commas but before digits. */
const SIMPLE_SENTENCE = /^[A-Za-z0-9 ,:;@#$%&?!().*-]+$/;
/** Runs that the rules treat as one, and full stops before a closing bracket. */
const TRICKY = /\.\.|--|[:,][:,]|\.[ )]*\)/;

function sentenceWords(sentence: string): string[] {
  const isSimple = SIMPLE_SENTENCE.test(sentence) && !TRICKY.test(sentence) && !MAYBE_CONTRACTION.test(sentence);
  return isSimple ? simpleSentenceWords(sentence) : ruledSentenceWords(sentence);
}

function simpleSentenceWords(sentence: string): string[] {
  const marked = sentence.replace(/[;@#$%&?!()*]/g, ' $& ').replace(/[:,](?!\d)/g, ' $& ');
  return splitWhitespace(marked.endsWith('.') ? `${marked.slice(0, -1)} .` : marked);
}

/** All the rules, for any sentence. */
export function ruledSentenceWords(sentence: string): string[] {
  const marked = rewrite(rewrite(sentence, OPENING_QUOTES), MARKS);
  const quoted = rewrite(` ${marked} `, CLOSING_QUOTES);
  return splitWhitespace(MAYBE_CONTRACTION.test(quoted) ? rewrite(quoted, CONTRACTIONS) : quoted);
}

/** The words of an English text in order. */
export function treebankWords(text: string): string[] {
  const words: string[] = [];
  for (const sentence of treebankSentences(text)) for (const word of sentenceWords(sentence)) words.push(word);
  return words;
}

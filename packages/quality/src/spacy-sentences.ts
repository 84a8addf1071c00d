import { TERMINAL_PUNCTUATION } from './punctuation.ts';
import { spacyWords } from './spacy-words.ts';

/** spaCy's sentencizer has its own list of ends of sentence; it is the terminal marks and the full-width full stop. */
function endsSentence(word: string): boolean {
  return TERMINAL_PUNCTUATION.has(word);
}

const PUNCTUATION_ONLY = /^\p{P}+$/u;

/** Sentences by spaCy's rule: after an end mark, the next word that is not punctuation begins a new one. */
export function spacySentenceCount(text: string): number {
  let sentences = 1;
  let seenEnd = false;
  for (const word of spacyWords(text)) {
    if (endsSentence(word)) seenEnd = true;
    else if (seenEnd && !PUNCTUATION_ONLY.test(word)) {
      sentences++;
      seenEnd = false;
    }
  }
  return sentences;
}

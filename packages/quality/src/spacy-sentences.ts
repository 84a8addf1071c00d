import { spacyWords } from './spacy-words.ts';

/** The 128 marks that spaCy's sentencizer takes for ends of sentences, as hexadecimal ranges. */
const END_RANGES = `21 2E 3F 589 61F 6D4 700-702 7F9 964-965 104A-104B 1362 1367-1368 166E 1735-1736 1803 1809 1944-1945 1AA8-1AAB
  1B5A-1B5B 1B5E-1B5F 1C3B-1C3C 1C7E-1C7F 203C-203D 2047-2049 2E2E 2E3C A4FF A60E-A60F A6F3 A6F7 A876-A877 A8CE-A8CF A92F A9C8-A9C9
  AA5D-AA5F AAF0-AAF1 ABEB FE52 FE56-FE57 FF01 FF0E FF1F 10A56-10A57 11047-11048 110BE-110C0 11141-11143 111C5-111C6 111CD
  111DE-111DF 11238-11239 1123B-1123C 112A9 1144B-1144C 115C2-115C3 115C9-115D7 11641-11642 1173C-1173E 11A42-11A43 11A9B-11A9C
  11C41-11C42 16A6E-16A6F 16AF5 16B37-16B38 16B44 1BC9F 1DA88 FF61 3002`;

const END_MARKS: ReadonlySet<string> = new Set(END_RANGES.split(/\s+/).flatMap(expandRange));

function expandRange(range: string): string[] {
  const [first, last = first] = range.split('-').map((hexadecimal) => parseInt(hexadecimal, 16));
  return Array.from({ length: last - first + 1 }, (_, offset) => String.fromCodePoint(first + offset));
}

const PUNCTUATION_ONLY = /^\p{P}+$/u;

/** Sentences in a row of words by the sentencizer's rule: after an end mark, the next word that is not punctuation begins a new one. */
export function countSentencesOf(words: readonly string[]): number {
  if (words.length === 0) return 0;
  let sentences = 1;
  let seenEnd = false;
  for (const word of words) {
    if (END_MARKS.has(word)) seenEnd = true;
    else if (seenEnd && !PUNCTUATION_ONLY.test(word)) {
      sentences++;
      seenEnd = false;
    }
  }
  return sentences;
}

/** Sentences of a text by spaCy's rule-based sentencizer. */
export function spacySentenceCount(text: string): number {
  return countSentencesOf(spacyWords(text));
}

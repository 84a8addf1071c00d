import type { Character } from './character.ts';
import { isLeftward } from './right-to-left.ts';

const MARKS = new Set(['،', '؛', '؟', ',', '.', ':', '!']);
const DIGIT = /^\p{Nd}$/u;
/** How far glyphs may overlap, in ems. */
const TOUCH = 0.2;
/** Digits of a number. */
const LONGEST = 20;

/**
 * Glyphs in the order of the file, with marks after the number that they stand behind: in text that runs to the left, PDFium turns
 * a number and the mark to its left ("2023،") round as if both ran to the left.
 */
export function orderNumberMarks(characters: Character[]): Character[] {
  const ordered = [...characters];
  for (let index = 1; index + 1 < ordered.length; index++) {
    if (!MARKS.has(ordered[index].text) || !isLeftward(ordered[index - 1].text)) continue;
    let end = index + 1;
    while (end < ordered.length && end <= index + LONGEST && continuesNumber(ordered, end, index + 1)) end++;
    if (end > index + 1 && standsBetween(ordered.slice(index + 1, end), ordered[index], ordered[index - 1]))
      moveBehind(ordered, index, end);
  }
  return ordered;
}

function continuesNumber(characters: Character[], index: number, start: number): boolean {
  const { text, baseline, size } = characters[index];
  return (
    DIGIT.test(text) &&
    Math.abs(baseline - characters[start - 1].baseline) < TOUCH * size &&
    (index === start || !characters[index].afterSpace)
  );
}

/** Whether a number stands to the left of a word, and to the right of a mark. */
function standsBetween(number: Character[], mark: Character, word: Character): boolean {
  const slack = TOUCH * mark.size;
  const left = Math.min(...number.map((digit) => digit.left));
  const right = Math.max(...number.map((digit) => digit.right));
  return mark.left < left && mark.right < left + slack && word.left > right - slack;
}

/** The space that PDFium saw before the mark is the number's then. */
function moveBehind(characters: Character[], index: number, end: number): void {
  const mark = characters[index];
  for (let place = index; place < end - 1; place++) characters[place] = characters[place + 1];
  characters[index] = { ...characters[index], afterSpace: mark.afterSpace };
  characters[end - 1] = { ...mark, afterSpace: false };
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;
const EACH_RIGHT_TO_LEFT = new RegExp(RIGHT_TO_LEFT, 'gu');
/** What text has that may hold a letter of theirs. */
const BEYOND_ARMENIAN = /[^\0-\u058F]/;
const LETTER = /\p{L}/u;
const EACH_LETTER = new RegExp(LETTER, 'gu');

/** Whether most letters are of scripts that run from right to left. */
export function isLeftward(text: string): boolean {
  if (!BEYOND_ARMENIAN.test(text)) return false;
  return (text.match(EACH_RIGHT_TO_LEFT) ?? []).length > (text.match(EACH_LETTER) ?? []).length / 2;
}

/** Whether two letters beside each other are of scripts that run against each other: between such words stands a space, wherever it was drawn. */
export function changesDirection(a: string, b: string): boolean {
  return LETTER.test(a) && LETTER.test(b) && RIGHT_TO_LEFT.test(a) !== RIGHT_TO_LEFT.test(b);
}

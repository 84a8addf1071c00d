/** Private use, U+FFFD and control characters: nothing of them is text. */
const MEANINGLESS = /[\p{Co}\p{Cn}\uFFFD]|(?![\n\t])\p{Cc}/gu;
/** A page that ends within a word; FinePDFs' dashes. */
const BROKEN_END = /\p{L}[-‐‒–—]$/u;
/** Words set with a space between letters, words with two: `C O N S E I L  M U N I C I P A L`. */
const SPACED_WORDS = /^(?:\p{L} ){3,}\p{L}(?: {2,}(?:\p{L} )+\p{L})*(?= |$)/gmu;

/** Pages without what is no text; empty ones go, `indices` says which are left. */
export function cleanPages(pages: string[]): { pages: string[]; indices: number[] } {
  const cleaned = pages.map(cleanPage);
  const indices = cleaned.flatMap((page, index) => (page === '' ? [] : [index]));
  return { pages: indices.map((index) => cleaned[index]), indices };
}

function cleanPage(page: string): string {
  return page
    .replace(MEANINGLESS, '')
    .replace(SPACED_WORDS, joinLetters)
    .replace(/\n{2,}/g, '\n\n')
    .trim();
}

function joinLetters(text: string): string {
  return text.split(/ {2,}/).map((word) => word.replaceAll(' ', '')).join(' '); // prettier-ignore
}

/** Pages joined by an empty line, or directly where a word goes on; with the end of each, in UTF-16 code units. */
export function joinPages(pages: string[]): { text: string; pageEnds: number[] } {
  let text = '';
  const pageEnds: number[] = [];
  for (const [index, page] of pages.entries()) {
    if (index > 0 && BROKEN_END.test(text.slice(-2))) {
      text = text.slice(0, -1);
      pageEnds[index - 1]--;
    } else if (index > 0) text += '\n\n';
    text += page;
    pageEnds.push(text.length);
  }
  return { text, pageEnds };
}

/** Dots that lead the eye to a page number, and that number. */
const LEADERS = /(?:\s?[.·…․]){4,}\s*(?:\d{1,4}|[ivxlc]{1,7})?$/u;
/** What every such line has; quickly found. */
const DOTS = /\.\s?\.\s?\.|[·…․]/;
const ENTRY = /[\p{L}\p{N})].{0,200}?(?:\s?[.·…․]){4,}\s*(?:\d{1,4}|[ivxlc]{1,7})$/u;

/** Whether a line is one of a table of contents: a title, dots, and a page number. */
export function isContentsLine(text: string): boolean {
  return DOTS.test(text) && text.length < 400 && ENTRY.test(text);
}

/** Text without the dots that lead to a number at its end, and without that number. */
export function withoutLeaders(text: string): string {
  return DOTS.test(text) && text.length < 400 ? text.replace(LEADERS, '') : text;
}

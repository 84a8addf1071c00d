// Raised numbers and signs travel within the text of lines between two noncharacters, which Unicode keeps for such internal use,
// until it is known whether there is a footnote that they point to.

/** Before a raised number or sign. */
export const MARK_START = '\uFDD0';
const MARK_END = '\uFDD1';
const MARK = /\uFDD0([^\uFDD1]*)\uFDD1/gu;
const LEADING = /^\uFDD0([^\uFDD1]*)\uFDD1 ?/u;

/** Text as a mark. */
export function markFootnote(text: string): string {
  return MARK_START + text + MARK_END;
}

/** Text without the signs around marks. */
export function stripMarks(text: string): string {
  return text.includes(MARK_START) ? text.replace(MARK, '$1') : text;
}

/** Text with other text in place of its marks. */
export function replaceMarks(text: string, replace: (mark: string) => string): string {
  return text.includes(MARK_START) ? text.replace(MARK, (_, mark: string) => replace(mark)) : text;
}

/** The mark that a text begins with, and the text after it. */
export function leadingMark(text: string): { mark: string; rest: string } | undefined {
  const match = LEADING.exec(text);
  return match ? { mark: match[1], rest: text.slice(match[0].length) } : undefined;
}

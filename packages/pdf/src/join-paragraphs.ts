import { isLeftward } from './right-to-left.ts';
import { endsSentence } from './build-paragraphs.ts';
import type { Paragraph } from './build-paragraphs.ts';
import type { Line } from './fragment.ts';

/** Ratio of sizes within which text is of one style. */
const SAME_SIZE = 1.1;
/** The last line of a paragraph that goes on reaches so near to the column's right edge, in ems. */
const REACH = 4;
/** Smaller than the body by this much: footnotes and captions, which may stand between two halves. */
const SMALL = 0.93;
const MAXIMUM_SKIP = 8;

/**
 * Joins paragraphs that go on in the next column or on the next page: of one style, the first without an end of sentence and reaching the
 * right edge, the second beginning with a small letter (the rule of FinePDFs, Hugging Face 2025). Footnotes in between come after.
 *
 * @param bodySize size of the document's running text
 */
export function joinParagraphs(paragraphs: Paragraph[], bodySize: number): Paragraph[] {
  const joined: Paragraph[] = [];
  for (const paragraph of paragraphs) {
    const open = findOpen(joined, bodySize);
    if (open && goesOn(open, paragraph)) {
      open.lines.push(...paragraph.lines);
      open.places?.push(...(paragraph.places ?? []));
    } else joined.push({ ...paragraph, lines: [...paragraph.lines], places: [...(paragraph.places ?? [])] });
  }
  return joined;
}

/** The last paragraph of the running text. */
function findOpen(paragraphs: Paragraph[], bodySize: number): Paragraph | undefined {
  const recent = paragraphs.slice(-MAXIMUM_SKIP).reverse();
  return (
    recent.find(({ main, kind, lines }) => main && kind === 'text' && lines.at(-1)!.size >= bodySize * SMALL) ??
    recent[0]
  );
}

function goesOn(a: Paragraph, b: Paragraph): boolean {
  const [last, first] = [a.lines.at(-1)!, b.lines[0]];
  if (a.kind !== 'text' || b.kind !== 'text' || a.main !== b.main || last.bold !== first.bold) return false;
  if (Math.max(last.size, first.size) > SAME_SIZE * Math.min(last.size, first.size)) return false;
  const elsewhere = a.page !== b.page || first.top < last.top;
  return elsewhere && reachesEnd(a, last) && !endsSentence(last.text) && /^[\p{Ll}\p{Lo}]/u.test(first.text);
}

/** Whether the last line of a paragraph goes on to where its lines end: the right edge, or the left one of right-to-left scripts. */
function reachesEnd(paragraph: Paragraph, last: Line): boolean {
  const reach = REACH * last.size;
  if (isLeftward(last.text)) return last.left < paragraph.left + reach;
  const edge = last.left < paragraph.left ? paragraph.right : Math.max(paragraph.right, last.right);
  return last.right > edge - reach;
}

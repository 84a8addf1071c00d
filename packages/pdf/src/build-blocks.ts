import type { PdfBlock } from './block.ts';
import type { Paragraph } from './build-paragraphs.ts';
import { median } from './fragment.ts';
import { joinLines } from './hyphens.ts';
import type { WordCounts } from './hyphens.ts';

/** A heading is larger than the body by this factor, or bold and not smaller. */
const LARGER = 1.12;
const NOT_SMALLER = 0.95;
const MAXIMUM_LINES = 3;
const MAXIMUM_CHARACTERS = 200;
const LEVELS = 6;

/** The running text of a document. */
export interface BodyStyle {
  /** Points. */
  size: number;
  bold: boolean;
}

/** Size and weight of most of a document's characters; sizes are told apart by half a point. */
export function bodyStyle(paragraphs: Paragraph[]): BodyStyle {
  const sizes = new Map<number, number>();
  let [bold, all] = [0, 0];
  for (const { size, text, bold: isBold } of paragraphs.flatMap(({ lines }) => lines)) {
    const step = Math.round(size * 2) / 2;
    sizes.set(step, (sizes.get(step) ?? 0) + text.length);
    all += text.length;
    if (isBold) bold += text.length;
  }
  const [size] = [...sizes].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0]);
  return { size, bold: bold > all / 2 };
}

/** Paragraphs → blocks with their text; what stands out by size or weight is a heading. */
export function buildBlocks(paragraphs: Paragraph[], body: BodyStyle, counts: WordCounts): PdfBlock[] {
  const blocks = paragraphs.flatMap((paragraph) => {
    const text = paragraphText(paragraph, counts);
    const size = paragraphSize(paragraph);
    return text === ''
      ? []
      : [{ text, size, page: paragraph.page + 1, heading: isHeading(paragraph, text, size, body) }];
  });
  const sizes = [...new Set(blocks.filter(({ heading }) => heading).map(({ size }) => size))].sort((a, b) => b - a);
  return blocks.map(({ text, size, page, heading }) =>
    heading
      ? { type: 'heading', text, page, level: Math.min(LEVELS, sizes.indexOf(size) + 1) }
      : { type: 'paragraph', text, page },
  );
}

function paragraphText({ lines, rows }: Paragraph, counts: WordCounts): string {
  const texts = lines.map(({ text }) => text).filter((text) => text !== '');
  return rows ? texts.map((text) => joinLines([text], counts)).join('\n') : joinLines(texts, counts);
}

function paragraphSize({ lines }: Paragraph): number {
  return Math.round(median(lines.map(({ size }) => size)) * 2) / 2;
}

function isHeading({ lines, rows, main }: Paragraph, text: string, size: number, body: BodyStyle): boolean {
  if (rows || !main || lines.length > MAXIMUM_LINES || text.length > MAXIMUM_CHARACTERS || !/\p{L}{2}/u.test(text))
    return false;
  if (size > body.size * LARGER) return true;
  return !body.bold && lines.every(({ bold }) => bold) && size >= body.size * NOT_SMALLER && !/[.,;:]$/.test(text);
}

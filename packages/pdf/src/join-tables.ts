import type { Paragraph } from './build-paragraphs.ts';
import { footnoteLike } from './classify.ts';

/** Columns are the same when their edges are this near, in points or as a share of the table's width. */
const EDGE = 4;
const EDGE_SHARE = 0.04;

/**
 * Joins tables that go on at the top of the next page: as many columns, at the same places, with nothing but footnotes between.
 *
 * @param bodySize size of the document's running text
 */
export function joinTables(paragraphs: Paragraph[], bodySize: number): Paragraph[] {
  const joined: Paragraph[] = [];
  for (const paragraph of paragraphs) {
    const open = joined.findLast((other) => !footnoteLike(other, bodySize));
    if (open && goesOn(open, paragraph)) {
      open.tables!.push(...paragraph.tables!);
      open.places!.push(...paragraph.places!);
    } else joined.push(paragraph.tables ? { ...paragraph, tables: [...paragraph.tables] } : paragraph);
  }
  return joined;
}

function goesOn(a: Paragraph, b: Paragraph): boolean {
  if (a.kind !== 'table' || b.kind !== 'table' || a.places!.at(-1)!.page + 1 !== b.places![0].page) return false;
  const [above, below] = [a.tables!.at(-1)!.edges, b.tables![0].edges];
  const reach = Math.max(EDGE, EDGE_SHARE * (above.at(-1)! - above[0]));
  return above.length === below.length && isSameColumns(above, below, reach);
}

/** The outer edges of aligned tables depend on their text: the inner ones and one outer one must agree. */
function isSameColumns(above: number[], below: number[], reach: number): boolean {
  const near = above.map((edge, index) => Math.abs(edge - below[index]) <= reach);
  const inner = near.slice(1, -1);
  return (near[0] || near.at(-1)!) && inner.filter(Boolean).length >= inner.length * 0.6;
}

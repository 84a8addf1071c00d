import type { ListBlock, PdfBlock, Place } from './block.ts';
import type { Paragraph } from './build-paragraphs.ts';
import { isCaption, isFormula, readFootnote } from './classify.ts';
import { codeText } from './code-lines.ts';
import { replaceMarks, stripMarks } from './footnote-marks.ts';
import { isHeadingText, looksLikeHeading, OutlineTitles, paragraphSize, rankHeadings } from './headings.ts';
import type { BodyStyle, Heading } from './headings.ts';
import { joinLines } from './hyphens.ts';
import type { WordCounts } from './hyphens.ts';
import { isConfirmed, ListLevels, listText, readListMark } from './lists.ts';
import type { ListMark } from './lists.ts';
import type { OutlineEntry } from './read-outline.ts';
import { buildTable } from './table-block.ts';

/** What the document as a whole says about its blocks. */
export interface DocumentStyle {
  body: BodyStyle;
  counts: WordCounts;
  outline: OutlineEntry[];
}

/** A paragraph on its way to a block: its text with the marks of footnotes, and what it is so far. */
interface Draft {
  paragraph: Paragraph;
  text: string;
  page: number;
  places: Place[];
  kind: 'paragraph' | 'heading' | 'caption' | 'formula' | 'footnote' | 'code' | 'table';
  marker?: string;
  heading?: Heading;
}

/** Texts that are repeated so often, and are not larger than this, are labels. */
const LABEL_COUNT = 4;
const LABEL_SIZE = 1.12;
/** A single word so often is one at any size. */
const WORD_COUNT = 8;
const CHAPTER =
  /^(?:chapter|appendix|part|kapitel|anhang|chapitre|annexe|capítulo|capitolo|глава|приложение) [\dA-Z]{1,4}\.?$|^第 ?\d{1,3} ?[章部]$|^付録 ?[A-Z]$/iu;

/** Paragraphs → blocks with their text. */
export function buildBlocks(paragraphs: Paragraph[], style: DocumentStyle): PdfBlock[] {
  const titles = new OutlineTitles(style.outline);
  const drafts = paragraphs
    .map((paragraph) => draft(paragraph, style, titles))
    .filter(({ kind, text }) => kind === 'table' || text !== '');
  demoteLabels(drafts, style.body);
  joinChapters(drafts);
  const headings = drafts.flatMap(({ heading }) => heading ?? []);
  const ranks = new Map(rankHeadings(headings).map((rank, index) => [headings[index], rank]));
  const marks = drafts.map(({ kind, text }) => (kind === 'paragraph' ? readListMark(text) : undefined));
  const footnotes = footnotesByPage(drafts);
  const blocks: PdfBlock[] = [];
  let levels = new ListLevels();
  for (const [index, item] of drafts.entries()) {
    const mark = marks[index];
    const last = blocks.at(-1);
    if (mark && isConfirmed(marks, index)) {
      if (last?.type !== 'list') levels = new ListLevels();
      addItem(blocks, item, mark, levels, footnotes);
    } else blocks.push(toBlock(item, style, ranks, footnotes));
  }
  return joinCode(blocks);
}

function draft(paragraph: Paragraph, { body, counts }: DocumentStyle, titles: OutlineTitles): Draft {
  const base = { paragraph, page: paragraph.page + 1, places: paragraph.places ?? [] };
  if (paragraph.kind === 'table') return { ...base, text: '', kind: 'table' };
  if (paragraph.kind === 'code') return { ...base, text: stripMarks(codeText(paragraph.lines)), kind: 'code' };
  const text = paragraphText(paragraph, counts);
  const footnote = readFootnote(paragraph, text, body.size);
  if (footnote) return { ...base, ...footnote, kind: 'footnote' };
  if (isCaption(paragraph, text)) return { ...base, text, kind: 'caption' };
  const heading = readHeading(paragraph, text, body, titles);
  if (heading) return { ...base, text, kind: 'heading', heading };
  return { ...base, text, kind: isFormula(paragraph, text) ? 'formula' : 'paragraph' };
}

function paragraphText({ lines, kind }: Paragraph, counts: WordCounts): string {
  const texts = lines.map(({ text }) => text).filter((text) => text !== '');
  return kind === 'rows' ? texts.map((text) => joinLines([text], counts)).join('\n') : joinLines(texts, counts);
}

function readHeading(paragraph: Paragraph, text: string, body: BodyStyle, titles: OutlineTitles): Heading | undefined {
  const outlineLevel = isHeadingText(text) ? titles.level(stripMarks(text), paragraph.page + 1) : undefined;
  const isTitle = outlineLevel !== undefined && paragraphSize(paragraph) >= body.size;
  const tagged = isHeadingText(text) ? taggedLevel(paragraph) : undefined;
  if (!isTitle && tagged === undefined && !looksLikeHeading(paragraph, text, body)) return undefined;
  const bold = paragraph.lines.every((line) => line.bold);
  const knownLevel = tagged ?? (isTitle ? outlineLevel : undefined);
  return { text, size: paragraphSize(paragraph), bold, ...(knownLevel !== undefined && { knownLevel }) };
}

/** Rank of a heading by the structure tree, where it says so of every line. */
function taggedLevel({ lines, kind }: Paragraph): number | undefined {
  const level = lines[0]?.headingLevel;
  return kind === 'text' && lines.every((line) => line.headingLevel === level) ? level : undefined;
}

/** A short text that is bold in the running text's size again and again is a label, like "Note", not a title. */
function demoteLabels(drafts: Draft[], body: BodyStyle): void {
  const counts = new Map<string, number>();
  for (const { kind, text } of drafts) if (kind === 'heading') counts.set(text, (counts.get(text) ?? 0) + 1);
  for (const item of drafts) {
    const { heading, text } = item;
    if (!heading || heading.knownLevel !== undefined || counts.get(text)! < LABEL_COUNT) continue;
    const isWord = !/\s/.test(text) && counts.get(text)! >= WORD_COUNT;
    if (heading.size > body.size * LABEL_SIZE && !isWord) continue;
    item.kind = 'paragraph';
    delete item.heading;
  }
}

/** "Chapter 4" above the chapter's title is part of it. */
function joinChapters(drafts: Draft[]): void {
  for (let index = drafts.length - 2; index >= 0; index--) {
    const [first, second] = [drafts[index], drafts[index + 1]];
    if (first.kind !== 'heading' || second.kind !== 'heading' || first.page !== second.page) continue;
    if (!CHAPTER.test(first.text)) continue;
    const text = `${first.text} ${second.text}`;
    const heading = { ...second.heading!, text };
    drafts.splice(index, 2, { ...second, text, heading, places: [...first.places, ...second.places] });
  }
}

/** Which markers the footnotes of each page have. */
function footnotesByPage(drafts: Draft[]): Map<number, Set<string>> {
  const pages = new Map<number, Set<string>>();
  for (const { kind, page, marker } of drafts) {
    if (kind === 'footnote') pages.set(page, (pages.get(page) ?? new Set()).add(marker!));
  }
  return pages;
}

/** Text in which marks that point to a footnote on its pages stand in brackets, and those marks. */
function linkFootnotes({ text, places }: Draft, footnotes: Map<number, Set<string>>): [string, string[]] {
  const found: string[] = [];
  const linked = replaceMarks(text, (mark) => {
    if (!places.some(({ page }) => footnotes.get(page)?.has(mark))) return mark;
    found.push(mark);
    return `[${mark}]`;
  });
  return [linked, found];
}

function toBlock(
  item: Draft,
  { counts }: DocumentStyle,
  ranks: Map<Heading, number>,
  footnotes: Map<number, Set<string>>,
): PdfBlock {
  const { paragraph, kind, page, places } = item;
  if (kind === 'table') return buildTable(paragraph.tables!, places, counts);
  const [text, found] = linkFootnotes(item, footnotes);
  const base = { text, page, places };
  if (kind === 'heading')
    return { type: 'heading', level: ranks.get(item.heading!)!, ...base, text: stripMarks(item.text) };
  if (kind === 'footnote') return { type: 'footnote', marker: item.marker!, ...base, text: stripMarks(item.text) };
  if (kind === 'paragraph') return { type: 'paragraph', ...base, ...(found.length > 0 && { footnotes: found }) };
  return { type: kind, ...base };
}

/** Adds an item to the list that the blocks end with, or to a new one. */
function addItem(
  blocks: PdfBlock[],
  item: Draft,
  { marker, ordered, text }: ListMark,
  levels: ListLevels,
  footnotes: Map<number, Set<string>>,
): void {
  const [linked] = linkFootnotes({ ...item, text }, footnotes);
  const level = levels.next(item.paragraph.lines[0].left);
  const added = { marker, ordered, level, text: linked };
  const last = blocks.at(-1);
  const list: ListBlock =
    last?.type === 'list' ? last : { type: 'list', items: [], text: '', page: item.page, places: [] };
  if (list !== last) blocks.push(list);
  list.items.push(added);
  list.text = listText(list.items);
  list.places = joinPlaces(list.places, item.places);
}

/** Places of one page that overlap or follow each other in one column become one. */
function joinPlaces(places: Place[], more: Place[]): Place[] {
  const joined = [...places];
  for (const place of more) {
    const last = joined.at(-1);
    const goesOn = last && last.page === place.page && place.box[1] >= last.box[1] && place.box[0] < last.box[2];
    if (!goesOn) joined.push(place);
    else {
      const [a, b] = [last.box, place.box];
      const box = [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[2], b[2]), Math.max(a[3], b[3])] as const;
      joined[joined.length - 1] = { page: last.page, box };
    }
  }
  return joined;
}

/** Program text that goes on on the next page is one block. */
function joinCode(blocks: PdfBlock[]): PdfBlock[] {
  const joined: PdfBlock[] = [];
  for (const block of blocks) {
    const last = joined.at(-1);
    if (last?.type === 'code' && block.type === 'code' && last.places.at(-1)?.page !== block.page) {
      last.text += `\n${block.text}`;
      last.places = [...last.places, ...block.places];
    } else joined.push(block);
  }
  return joined;
}

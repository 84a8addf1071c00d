import { isLeftward } from './right-to-left.ts';
import type { Place } from './block.ts';
import { isContentsLine, withoutLeaders } from './contents-lines.ts';
import { MARK_START, stripMarks } from './footnote-marks.ts';
import type { Line } from './fragment.ts';
import { median } from './fragment.ts';
import type { TableArea } from './table-area.ts';

/** Lines that belong together, and where they stand. */
export interface Paragraph {
  lines: Line[];
  /** Index of the page. */
  page: number;
  /** Part of what runs in the page's main direction. */
  main: boolean;
  /** Left and right edge of the column. */
  left: number;
  right: number;
  /** Running text; rows of a form or the like, whose lines stay; program text; or a table. */
  kind: 'text' | 'rows' | 'code' | 'table';
  /** Where it stands on the page, and on those it goes on to. */
  places?: Place[];
  /** Of the kind `table`: its parts, one for each page that it goes over. */
  tables?: TableArea[];
}

/** In ems. */
const ROW_GAP = 1.5;
const INDENT = 0.7;
/** A line ended of its own accord when the next word would have fitted with this much to spare. */
const SPARE = 0.5;
/** A larger pitch than that of the column's lines separates paragraphs. */
const LOOSE = 1.3;
/** Ratio of sizes that tells styles apart. */
const SAME_SIZE = 1.12;

const BULLET = /^[•◦‣▪●○■□] /;
/** Also found at the beginning of a line by chance. */
const LIST_MARK = /^(?:[·–—*-] |\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)] )/;

/** Left and right edge of what lines stand in. */
export interface Extent {
  left: number;
  right: number;
}

/**
 * Lines of one column → paragraphs.
 *
 * @param extent of the column, where the lines are only a part of it
 */
export function buildParagraphs(lines: Line[], page: number, main = true, extent?: Extent): Paragraph[] {
  if (lines.length === 0) return [];
  const leftward = isLeftward(lines.map(({ text }) => text).join(' '));
  const column = { ...measureColumn(lines), ...extent };
  const paragraphs: Paragraph[] = [];
  let previous: Line | undefined;
  for (const whole of lines) {
    const contents = isContentsLine(whole.text);
    const line = contents ? { ...whole, text: withoutLeaders(whole.text) } : whole;
    const kind = contents || isRow(line) ? 'rows' : 'text';
    const current = paragraphs.at(-1);
    if (current && previous && current.kind === kind && !startsParagraph(previous, line, column, leftward))
      current.lines.push(line);
    else paragraphs.push({ lines: [line], page, main, left: column.left, right: column.right, kind });
    previous = line;
  }
  return paragraphs;
}

interface Column {
  left: number;
  right: number;
  /** Usual distance between baselines. */
  pitch: number;
}

function measureColumn(lines: Line[]): Column {
  const pitches = lines.slice(1).map((line, index) => line.baseline - lines[index].baseline);
  return {
    left: lines.reduce((least, { left }) => Math.min(least, left), Infinity),
    right: lines.reduce((most, { right }) => Math.max(most, right), -Infinity),
    pitch: median(pitches.filter((pitch) => pitch > 0)),
  };
}

function isRow({ gap, size }: Line): boolean {
  return gap > ROW_GAP * size;
}

/** Whether one line is bold throughout, and the other nowhere. */
function changesWeight(a: Line, b: Line): boolean {
  return (a.bold && (b.light ?? !b.bold)) || ((a.light ?? !a.bold) && b.bold);
}

/** Left and right exchanged: lines that run to the left begin where others end. */
function mirror<T extends Extent>(extent: T): T {
  return { ...extent, left: -extent.right, right: -extent.left };
}

function startsParagraph(previous: Line, line: Line, column: Column, leftward = false): boolean {
  if (leftward) return startsParagraph(mirror(previous), mirror(line), mirror(column));
  const pitch = line.baseline - previous.baseline;
  const em = Math.max(previous.size, line.size);
  if (pitch > LOOSE * Math.max(column.pitch, em) || pitch > 2.5 * em) return true;
  if (em > SAME_SIZE * Math.min(previous.size, line.size) || changesWeight(previous, line)) return true;
  if (previous.headingLevel !== line.headingLevel) return true;
  const endsEarly = column.right - previous.right > firstWordWidth(line) + SPARE * em;
  if (BULLET.test(line.text) || line.text.startsWith(MARK_START)) return true;
  if (LIST_MARK.test(line.text) && (endsEarly || endsSentence(previous.text))) return true;
  const mark = LIST_MARK.test(line.text) && LIST_MARK.test(previous.text);
  if (mark && Math.abs(line.left - previous.left) < INDENT * em) return true;
  const indent = line.left - previous.left;
  if (indent > INDENT * em && indent < 4 * em) return endsEarly || !isContinued(previous, line);
  return endsEarly && endsSentence(previous.text) && line.left <= column.left + INDENT * em;
}

function firstWordWidth({ text, left, right }: Line): number {
  const word = text.indexOf(' ');
  return ((right - left) * (word < 0 ? text.length : word)) / text.length;
}

/** A hanging indent: the line goes on with what the line before left open. */
function isContinued(previous: Line, line: Line): boolean {
  return (
    !endsSentence(previous.text) &&
    (BULLET.test(previous.text) || LIST_MARK.test(previous.text) || /^\p{Ll}/u.test(line.text))
  );
}

/** Whether text ends like a sentence. */
export function endsSentence(text: string): boolean {
  return /[.!?:;。！？：；؟۔।…]["'”’»)\]]*$/u.test(stripMarks(text));
}

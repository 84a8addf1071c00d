import { findAlignedTables } from './aligned-tables.ts';
import { buildFragments, joinSlanted } from './build-fragments.ts';
import { buildLines, joinRow } from './build-lines.ts';
import { buildParagraphs } from './build-paragraphs.ts';
import type { Extent, Paragraph } from './build-paragraphs.ts';
import type { Box, Place } from './block.ts';
import type { CharacterGroup } from './character.ts';
import { cleanText } from './clean-text.ts';
import { splitCode } from './code-lines.ts';
import type { Fragment, Line } from './fragment.ts';
import { median } from './fragment.ts';
import type { Frame } from './frame.ts';
import { orderColumns } from './order-columns.ts';
import { placeRules } from './read-rules.ts';
import type { Segment } from './read-rules.ts';
import { mergeRules } from './rule.ts';
import type { Rule } from './rule.ts';
import { findRuledTables } from './ruled-tables.ts';
import type { TableArea } from './table-area.ts';
import { turnVertical } from './vertical-text.ts';
import { visibleCharacters } from './visible-characters.ts';

/** Text of one direction. */
export interface TextGroup {
  fragments: Fragment[];
  /** Straight lines drawn along and across it. */
  rules?: Rule[];
  /** Where its coordinates lie on the page; absent for pages read from a picture, which is upright. */
  frame?: Frame;
}

/** The fragments of a page: those of its main direction, and those that run otherwise. */
export interface PageLayout extends TextGroup {
  /** Of the page, in the main direction. */
  height: number;
  others: TextGroup[];
}

/** Lays the glyphs of a page out in fragments. */
export function layoutCharacters(groups: CharacterGroup[], segments: Segment[] = []): PageLayout {
  const [main = { fragments: [] } as TextGroup, ...others] = turnVertical(groups).map((group) =>
    buildGroup(group, segments),
  );
  return { height: main.frame?.height ?? groups[0]?.height ?? 0, ...main, others };
}

function buildGroup({ angle, frame, characters }: CharacterGroup, segments: Segment[]): TextGroup {
  const visible = visibleCharacters(characters);
  if (angle % 90 !== 0) return { fragments: joinSlanted(visible), frame };
  const rules = placeRules(segments, frame);
  return {
    fragments: buildFragments(visible, mergeRules(rules.filter(({ horizontal }) => !horizontal))),
    rules,
    frame,
  };
}

/**
 * The paragraphs and tables of a page in reading order.
 *
 * @param page index of the page
 * @param code whether text of fixed-pitch fonts is program text
 */
export function layoutParagraphs(layout: PageLayout, page: number, code = true): Paragraph[] {
  return [layout, ...layout.others].flatMap((group, index) => {
    const paragraphs = layoutGroup(group, page, index === 0, code && index === 0);
    for (const paragraph of paragraphs) paragraph.places = [placeOf(paragraph, group.frame)];
    return paragraphs;
  });
}

function layoutGroup({ fragments, rules = [] }: TextGroup, page: number, main: boolean, code: boolean): Paragraph[] {
  const tables = findRuledTables(fragments, rules);
  const horizontals = mergeRules(rules.filter(({ horizontal }) => horizontal));
  return orderColumns(standIn(fragments, tables)).flatMap((column) =>
    layoutColumn(column, horizontals, code).flatMap((stretch) => {
      if (stretch.table) return [tableParagraph(stretch.table, page, main)];
      const parts = code ? splitCode(stretch.lines) : [{ code: false, lines: stretch.lines }];
      return parts.flatMap((part) =>
        part.code
          ? [{ lines: part.lines, page, main, ...stretch.extent, kind: 'code' as const }]
          : buildParagraphs(part.lines, page, main, stretch.extent),
      );
    }),
  );
}

/** Puts a fragment for each row of a table in the place of its text. */
function standIn(fragments: Fragment[], tables: TableArea[]): Fragment[] {
  if (tables.length === 0) return fragments;
  const size = median(fragments.map((fragment) => fragment.size));
  const rows = tables.flatMap((table) =>
    Array.from({ length: table.rows }, (_, row): Fragment => {
      const height = (table.bottom - table.top) / table.rows;
      const [top, bottom] = [table.top + row * height, table.top + (row + 1) * height];
      const { left, right } = table;
      return { text: '', left, right, top, bottom, baseline: bottom, size, bold: false, hidden: false, table };
    }),
  );
  return [...fragments.filter((fragment) => !tables.some((table) => isInside(fragment, table))), ...rows];
}

function isInside({ left, right, top, bottom }: Fragment, table: TableArea): boolean {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return x >= table.left && x <= table.right && y >= table.top && y <= table.bottom;
}

interface Stretch {
  lines: Line[];
  table?: TableArea;
  extent: Extent;
}

/** Fragments of a column → its tables, and the lines between them. */
function layoutColumn(fragments: Fragment[], rules: Rule[], code: boolean): Stretch[] {
  const extent = {
    left: fragments.reduce((least, { left }) => Math.min(least, left), Infinity),
    right: fragments.reduce((most, { right }) => Math.max(most, right), -Infinity),
  };
  const own = rules.filter(
    ({ from, to }) => Math.min(to, extent.right) - Math.max(from, extent.left) > (to - from) / 2,
  );
  const stretches: Stretch[] = [];
  let lines: Line[] = [];
  const flush = (): void => {
    for (const stretch of findAlignedTables(lines, own, code)) stretches.push({ ...stretch, extent });
    lines = [];
  };
  const done = new Set<TableArea>();
  for (const line of buildLines(fragments)) {
    const text = line.parts.filter((part) => !part.table);
    for (const { table } of line.parts) {
      if (!table || done.has(table)) continue;
      flush();
      done.add(table);
      stretches.push({ lines: [], table, extent });
    }
    if (text.length > 0) lines.push(cleanLine(text.length < line.parts.length ? joinRow(text) : line));
  }
  flush();
  return stretches;
}

function placeOf({ lines, page, tables = [] }: Paragraph, frame: Frame | undefined): Place {
  const boxes = [...lines, ...tables];
  const box: Box = [
    Math.min(...boxes.map(({ left }) => left)),
    Math.min(...boxes.map(({ top }) => top)),
    Math.max(...boxes.map(({ right }) => right)),
    Math.max(...boxes.map(({ bottom }) => bottom)),
  ];
  const shown = frame ? frame.show(box) : box;
  return { page: page + 1, box: shown.map((edge) => Math.round(edge * 10) / 10) as unknown as Box };
}

function tableParagraph(table: TableArea, page: number, main: boolean): Paragraph {
  const { left, right } = table;
  return { lines: [], page, main, left, right, kind: 'table', tables: [table] };
}

/** A soft hyphen at the end stays: it says that the word goes on. */
function cleanLine(line: Line): Line {
  return { ...line, text: cleanText(line.text) + (line.text.endsWith('\u00AD') ? '\u00AD' : '') };
}

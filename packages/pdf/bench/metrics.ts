// How near a text, its tables and its headings are to what they should be.

/** Precision and recall as one number, and what they are made of. */
export interface Score {
  hits: number;
  found: number;
  wanted: number;
}

export function f1({ hits, found, wanted }: Score): number {
  return found + wanted === 0 ? 1 : (2 * hits) / (found + wanted);
}

export function addScores(scores: Score[]): Score {
  const total = { hits: 0, found: 0, wanted: 0 };
  for (const { hits, found, wanted } of scores) {
    total.hits += hits;
    total.found += found;
    total.wanted += wanted;
  }
  return total;
}

/** What two lists have in common, each entry as often as it is in both. */
function common(found: string[], wanted: string[]): Score {
  const left = new Map<string, number>();
  for (const item of wanted) left.set(item, (left.get(item) ?? 0) + 1);
  let hits = 0;
  for (const item of found) {
    const count = left.get(item) ?? 0;
    if (count > 0) hits++;
    left.set(item, count - 1);
  }
  return { hits, found: found.length, wanted: wanted.length };
}

/** Words; characters where a script has no spaces between words. */
export function words(text: string): string[] {
  const plain = text.normalize('NFKC').toLowerCase();
  return (
    plain.match(
      /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]|[\p{L}\p{M}\p{N}]+?(?=[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])|[\p{L}\p{M}\p{N}]+/gu,
    ) ?? []
  );
}

export function wordScore(text: string, truth: string): Score {
  return common(words(text), words(truth));
}

/** Pairs of words that follow each other: order counts. */
export function bigramScore(text: string, truth: string): Score {
  return common(bigrams(text), bigrams(truth));
}

function bigrams(text: string): string[] {
  const list = words(text);
  return list.slice(1).map((word, index) => `${list[index]} ${word}`);
}

/**
 * Reading order: the longest run of anchors (words that the truth has once) in the right order, as a share of those in the truth.
 */
export function orderScore(text: string, truth: string): number {
  const [places, wanted] = [placesOfUnique(words(text)), placesOfUnique(words(truth))];
  const anchors = [...wanted.entries()].filter(([word]) => places.has(word)).sort((a, b) => a[1] - b[1]);
  if (wanted.size === 0) return 1;
  return longestRise(anchors.map(([word]) => places.get(word)!)) / wanted.size;
}

function placesOfUnique(list: string[]): Map<string, number> {
  const places = new Map<string, number>();
  const repeated = new Set<string>();
  for (const [index, word] of list.entries()) {
    if (places.has(word)) repeated.add(word);
    places.set(word, index);
  }
  for (const word of repeated) places.delete(word);
  return places;
}

/** Length of the longest rising part of a list, in any distance (patience sorting). */
function longestRise(values: number[]): number {
  const tops: number[] = [];
  for (const value of values) {
    let [from, to] = [0, tops.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (tops[middle] < value) from = middle + 1;
      else to = middle;
    }
    tops[from] = value;
  }
  return tops.length;
}

/** A cell with its place. */
export interface Cell {
  row: number;
  column: number;
  rowSpan: number;
  columnSpan: number;
  text: string;
}

/** Text that compares equal whatever its spaces and signs. */
function cellKey(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');
}

/**
 * Adjacency relations of a table (ICDAR 2013 table competition): each cell with its nearest neighbour that is not empty to the right and
 * below, by text.
 */
function adjacencies(cells: Cell[]): string[] {
  const filled = cells.map((cell) => ({ ...cell, text: cellKey(cell.text) })).filter(({ text }) => text !== '');
  const owner = new Map<string, (typeof filled)[number]>();
  let [rows, columns] = [0, 0];
  for (const cell of filled) {
    rows = Math.max(rows, cell.row + cell.rowSpan);
    columns = Math.max(columns, cell.column + cell.columnSpan);
    for (let row = cell.row; row < cell.row + cell.rowSpan; row++) {
      for (let column = cell.column; column < cell.column + cell.columnSpan; column++)
        owner.set(`${row} ${column}`, cell);
    }
  }
  const relations: string[] = [];
  for (const cell of filled) {
    const right = new Set<(typeof filled)[number]>();
    const below = new Set<(typeof filled)[number]>();
    for (let row = cell.row; row < cell.row + cell.rowSpan; row++) {
      for (let column = cell.column + cell.columnSpan; column < columns; column++) {
        const next = owner.get(`${row} ${column}`);
        if (next) right.add(next);
        if (next) break;
      }
    }
    for (let column = cell.column; column < cell.column + cell.columnSpan; column++) {
      for (let row = cell.row + cell.rowSpan; row < rows; row++) {
        const next = owner.get(`${row} ${column}`);
        if (next) below.add(next);
        if (next) break;
      }
    }
    for (const next of right) relations.push(`${cell.text} > ${next.text}`);
    for (const next of below) relations.push(`${cell.text} v ${next.text}`);
  }
  return relations;
}

export function tableScore(found: Cell[][], wanted: Cell[][]): Score {
  return common(found.flatMap(adjacencies), wanted.flatMap(adjacencies));
}

/** Pipe and HTML tables of Markdown. */
export function markdownTables(markdown: string): Cell[][] {
  const tables: Cell[][] = [];
  let rows: string[][] = [];
  const flush = (): void => {
    if (rows.length > 1) tables.push(gridCells(rows));
    rows = [];
  };
  for (const line of markdown.split('\n')) {
    if (!/^\s*\|.*\|\s*$/.test(line)) flush();
    else if (!/^[\s|:-]+$/.test(line)) rows.push(splitRow(line));
    else if (rows.length === 0) rows.push([]);
  }
  flush();
  return [...tables, ...htmlTables(markdown)];
}

function splitRow(line: string): string[] {
  return line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((text) =>
      text
        .replaceAll('\\|', '|')
        .replace(/<br ?\/?>/g, ' ')
        .replace(/[*_`]/g, '')
        .trim(),
    );
}

function gridCells(rows: string[][]): Cell[] {
  return rows.flatMap((texts, row) => texts.map((text, column) => ({ row, column, rowSpan: 1, columnSpan: 1, text })));
}

function htmlTables(markdown: string): Cell[][] {
  return [...markdown.matchAll(/<table[^>]*>([\s\S]*?)<\/table>/g)].map(([, body]) => {
    const taken = new Set<string>();
    return [...body.matchAll(/<tr[^>]*>([\s\S]*?)<\/tr>/g)].flatMap(([, content], row) => {
      let column = 0;
      return [...content.matchAll(/<t[hd]([^>]*)>([\s\S]*?)<\/t[hd]>/g)].map(([, attributes, text]) => {
        const span = (name: string) => Number(new RegExp(`${name}="?(\\d+)`).exec(attributes)?.[1] ?? 1);
        const [rowSpan, columnSpan] = [span('rowspan'), span('colspan')];
        while (taken.has(`${row} ${column}`)) column++;
        for (let r = row; r < row + rowSpan; r++) {
          for (let c = column; c < column + columnSpan; c++) taken.add(`${r} ${c}`);
        }
        return { row, column, rowSpan, columnSpan, text: text.replace(/<[^>]+>/g, ' ') };
      });
    });
  });
}

/** Titles of Markdown's `#` headings. */
export function markdownHeadings(markdown: string): { level: number; text: string }[] {
  const outside = markdown.replace(/^(```+)[^\n]*\n[\s\S]*?^\1`*\s*$/gm, '');
  return [...outside.matchAll(/^(#{1,6}) +(.+?) *#*$/gm)].map(([, signs, text]) => ({
    level: signs.length,
    text: text.replace(/[*_`]/g, ''),
  }));
}

/** Headings in common by their text. */
export function headingScore(found: { text: string }[], wanted: { text: string }[]): Score {
  const keys = (list: { text: string }[]) => list.map(({ text }) => cellKey(text));
  return common(keys(found), keys(wanted));
}

/** Markdown without its markup. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/<!--.*?-->/gs, ' ')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/<\/?[a-z][^>]*>/gi, ' ')
    .replace(/^\s*\|?[\s|:-]*-{3,}[\s|:-]*$/gm, '')
    .replace(/\[\^([^\]]+)\]:?/g, ' $1 ')
    .replace(/^#{1,6} /gm, '')
    .replace(/[*`|\\]/g, ' ');
}

/** What must not be left in a text, counted. */
export function countLeaks(text: string): number {
  return (text.match(/[\p{Co}\uFB00-\uFB06\u00AD\uFFFD\uFDD0-\uFDEF]|(?![\n\t])\p{Cc}/gu) ?? []).length;
}

import type { Character } from './character.ts';

/** Points; about a glyph. */
const CELL = 8;

function cell(x: number, y: number): number {
  return Math.floor(y / CELL) * 65_536 + Math.floor(x / CELL);
}

/**
 * Glyphs without those that are drawn invisibly under visible ones. Invisible text that stands alone stays:
 * it is the text layer of a scanned page.
 */
export function visibleCharacters(characters: Character[]): Character[] {
  if (!characters.some(({ hidden }) => hidden)) return characters;
  const covered = new Set<number>();
  for (const { left, right, top, bottom, hidden } of characters) {
    if (!hidden) covered.add(cell((left + right) / 2, (top + bottom) / 2));
  }
  return characters.filter(
    ({ left, right, top, bottom, hidden }) => !hidden || !covered.has(cell((left + right) / 2, (top + bottom) / 2)),
  );
}

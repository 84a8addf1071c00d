import { buildFragments, joinSlanted } from './build-fragments.ts';
import { buildLines } from './build-lines.ts';
import { buildParagraphs } from './build-paragraphs.ts';
import type { Paragraph } from './build-paragraphs.ts';
import type { CharacterGroup } from './character.ts';
import { cleanText } from './clean-text.ts';
import type { Fragment, Line } from './fragment.ts';
import { orderColumns } from './order-columns.ts';
import { visibleCharacters } from './visible-characters.ts';

/** The fragments of a page: those of its main direction, and those that run otherwise. */
export interface PageLayout {
  /** Of the page, in the main direction. */
  height: number;
  fragments: Fragment[];
  others: Fragment[][];
}

/** Lays the glyphs of a page out in fragments. */
export function layoutCharacters(groups: CharacterGroup[]): PageLayout {
  const [fragments = [], ...others] = groups.map(buildGroup);
  return { height: groups[0]?.height ?? 0, fragments, others };
}

function buildGroup({ angle, characters }: CharacterGroup): Fragment[] {
  const visible = visibleCharacters(characters);
  return angle % 90 === 0 ? buildFragments(visible) : joinSlanted(visible);
}

/**
 * The paragraphs of a page in reading order.
 *
 * @param page index of the page
 */
export function layoutParagraphs({ fragments, others }: PageLayout, page: number): Paragraph[] {
  return [fragments, ...others].flatMap((group, index) =>
    orderColumns(group).flatMap((column) => buildParagraphs(buildLines(column).map(cleanLine), page, index === 0)),
  );
}

/** A soft hyphen at the end stays: it says that the word goes on. */
function cleanLine(line: Line): Line {
  return { ...line, text: cleanText(line.text) + (line.text.endsWith('\u00AD') ? '\u00AD' : '') };
}

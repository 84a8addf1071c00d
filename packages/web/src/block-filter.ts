import type { Block, PageElement } from './page.ts';

/** Linked share of the text above which a block, list or table is navigation. */
const MAXIMUM_LINK_SHARE = 0.5;
/** Width from which a block without many links is certainly text. */
const SOLID_WIDTH = 60;
const SENTENCE_END = /[.!?…:;"'”’»)\]。！？」』】۔؟।॥።։]$/u;

/** What buttons say, as a whole block (English only; other languages rely on structure). */
const BUTTON_TEXT =
  /^(?:advertisement|share(?: (?:this|on|via)\b.{0,40})?|tweet|print|email|reply|like|follow us|read more|continue reading|show more|load more|skip to (?:main )?content|back to top|subscribe|sign (?:in|up)|log ?in|register|comments?(?: \(\d+\))?|\d+ comments?|leave a (?:comment|reply)|copy(?: link)?|edit|close|menu|next|previous)[.…»>!]?$/i;

/**
 * Of the blocks of the main content, those that are text: not mostly links (lists and tables judged as a whole), no button
 * labels, no short scraps before the first or after the last solid block, no headings over nothing.
 */
export function filterBlocks(blocks: readonly Block[], elements: readonly PageElement[]): Block[] {
  const text = blocks.filter((block) => isText(block, elements));
  return dropEmptyHeadings(trimEdges(text));
}

function isText(block: Block, elements: readonly PageElement[]): boolean {
  if (block.kind === 'code') return true;
  if (block.width < 40 && BUTTON_TEXT.test(block.text)) return false;
  if (block.kind === 'heading') return true;
  const judged = block.group >= 0 ? elements[block.group] : block;
  return judged.linkWidth <= MAXIMUM_LINK_SHARE * judged.width;
}

/** Bylines, dates and labels gather at the edges of the content, where nothing vouches for them. */
function trimEdges(blocks: readonly Block[]): Block[] {
  const first = blocks.findIndex(isSolid);
  if (first < 0) return [...blocks];
  const last = blocks.findLastIndex(isSolid);
  return blocks.filter(
    (block, index) => (index >= first && index <= last) || block.kind === 'heading' || SENTENCE_END.test(block.text),
  );
}

function isSolid(block: Block): boolean {
  return block.kind !== 'heading' && (block.kind !== 'paragraph' || block.group >= 0 || block.width >= SOLID_WIDTH);
}

/** Going backwards: a heading stays when text, or a kept heading of a deeper level, comes right after it. */
function dropEmptyHeadings(blocks: readonly Block[]): Block[] {
  const kept: Block[] = [];
  let deepestAbove = 0;
  for (const block of [...blocks].reverse()) {
    const isHeading = block.kind === 'heading';
    if (isHeading && block.level >= deepestAbove) continue;
    deepestAbove = isHeading ? block.level : Infinity;
    kept.push(block);
  }
  return kept.reverse();
}

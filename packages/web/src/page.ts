import type { ElementRole } from './element-role.ts';

/** A block-level element. Elements are kept in document order, so that a parent comes before its children. */
export interface PageElement {
  tag: string;
  /** Index of the parent, −1 for the root. */
  parent: number;
  role: ElementRole;
  /** Width of the text under the element, and of the part inside links. */
  width: number;
  linkWidth: number;
  /** How much running text is under the element: see `proseWeight`. */
  prose: number;
}

/** What a block of text is. */
export type BlockKind = 'paragraph' | 'heading' | 'item' | 'quote' | 'code' | 'row';

/** What only markdown needs to know of a block. */
export interface BlockMarkup {
  /** The text with `**`, `*`, backticks and links. */
  inline: string;
  /** Lists and quotes around the block. */
  listDepth: number;
  quoteDepth: number;
  /** Number of an item in an ordered list, else 0. */
  ordinal: number;
  /** Of code: what its class says it is. */
  codeLanguage: string;
  /** Of table rows. */
  cells?: string[];
}

/** A run of text between two block boundaries. */
export interface Block {
  kind: BlockKind;
  /** 1–6 for headings, else 0. */
  level: number;
  text: string;
  /** Characters that are not white space, wide ones (CJK) counted twice. */
  width: number;
  linkWidth: number;
  /** Index of the innermost element. */
  element: number;
  /** Index of the innermost list or table around it, or −1. */
  group: number;
  /** When markdown is wanted. */
  markup?: BlockMarkup;
}

/** `name`/`property` → content of the first `<meta>` of that name, and the other things a head tells. */
export interface PageHead {
  title: string;
  meta: Map<string, string>;
  canonical?: string;
  language?: string;
  direction?: string;
  /** First `<time datetime>` of the body. */
  time?: string;
  /** First `rel="license"`. */
  license?: string;
  /** The JSON-LD scripts, cut at a bounded length. */
  structuredData: string[];
}

/** A parsed page: not a DOM, just what extraction reads. */
export interface Page {
  head: PageHead;
  elements: PageElement[];
  blocks: Block[];
}

/**
 * The weight of a block in the search for the main content: its width outside links. Short blocks and headings count a
 * quarter (labels, bylines, menu entries), blocks that are mostly link nothing.
 */
export function proseWeight(block: Block): number {
  const own = block.width - block.linkWidth;
  if (own < block.linkWidth) return 0;
  return own >= 40 && block.kind !== 'heading' ? own : own / 4;
}

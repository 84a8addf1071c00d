import { filterBlocks } from './block-filter.ts';
import { removeRepeatedSegments } from './repeated-segments.ts';
import type { ElementRole } from './element-role.ts';
import { mainContent } from './main-content.ts';
import type { Block, Page } from './page.ts';
import { pageMetadata } from './page-metadata.ts';
import type { PageMetadata } from './page-metadata.ts';
import { parsePage } from './parse-page.ts';
import { renderMarkdown } from './render-markdown.ts';
import { WebError } from './web-error.ts';

/** Enough for ten megabytes of ordinary page; one unit is a tag, an attribute, a text or 32 characters of it. */
export const DEFAULT_MAXIMUM_WORK = 2_000_000;

/** Width of text with which a stricter attempt is good enough. */
const ENOUGH_WIDTH = 100;

/** How `extractHtml` reads a page. */
export interface ExtractOptions {
  /** Address of the page, to resolve a relative canonical link. */
  url?: string;
  /** `markdown` marks headings, lists, quotes, code, tables and emphasis. Default `text`. */
  format?: 'text' | 'markdown';
  /** In markdown, write links with their addresses. Default false: their text alone. */
  links?: boolean;
  /** Units of work (tags, attributes, texts, 32 characters; more when nested deeply) before giving up. Default 2 000 000. */
  maximumWork?: number;
}

/** A page's main text, one block a line, and what the page says about itself. */
export interface ExtractedPage extends PageMetadata {
  text: string;
}

/** What to leave out, from strict to lenient: a page that is all comments (a forum) or all furniture still has its text. */
const ATTEMPTS: readonly ReadonlySet<ElementRole>[] = [
  new Set<ElementRole>(['boilerplate', 'comments']),
  new Set<ElementRole>(['boilerplate']),
  new Set<ElementRole>(),
];

/**
 * Main text of an HTML page, plain or as markdown: paragraphs, headings, list items (`- …`), quotes, code and table rows (`a | b`), without
 * navigation, furniture, comments and scripts. Null when there is no text. Depends on the page alone: no clock, no memory of other pages
 * (trafilatura's `deduplicate=True` remembers earlier pages; here segments are compared within the page).
 *
 * @throws WebError `TOO_MUCH_WORK` past `maximumWork`; `INVALID_ARGUMENT` when html is no string
 */
export function extractHtml(html: string, options: ExtractOptions = {}): ExtractedPage | null {
  if (typeof html !== 'string') {
    throw new WebError(
      'INVALID_ARGUMENT',
      `html must be a string, got ${typeof html}; decode bytes with decodeHtml first`,
    );
  }
  const { url, format = 'text', links = false, maximumWork = DEFAULT_MAXIMUM_WORK } = options;
  const page = parsePage(html, { maximumWork, ...(format === 'markdown' && { markup: { links, url } }) });
  const blocks = removeRepeatedSegments(chooseBlocks(page));
  const text = format === 'markdown' ? renderMarkdown(blocks) : renderBlocks(blocks);
  return text === '' ? null : { text, ...pageMetadata(page.head, url) };
}

/** The first attempt with enough text; when none has, the one with the most (the stricter of equals). */
function chooseBlocks(page: Page): Block[] {
  let best: Block[] = [];
  for (const excluded of ATTEMPTS) {
    const blocks = filterBlocks(mainContent(page, excluded), page.elements);
    if (totalWidth(blocks) > totalWidth(best)) best = blocks;
    if (totalWidth(best) >= ENOUGH_WIDTH) break;
  }
  return best;
}

function totalWidth(blocks: readonly Block[]): number {
  return blocks.reduce((sum, block) => sum + block.width, 0);
}

function renderBlocks(blocks: readonly Block[]): string {
  return blocks.map((block) => (block.kind === 'item' ? `- ${block.text}` : block.text)).join('\n');
}

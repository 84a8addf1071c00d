import { elementRole } from './element-role.ts';
import type { Block, BlockKind, BlockMarkup, PageElement } from './page.ts';
import { proseWeight } from './page.ts';
import { markOf, RichText, type Mark } from './rich-text.ts';
import { mergeTableRow } from './table-row.ts';
import { FORMATTING_TAGS, headingLevel, isBlockTag } from './tag-roles.ts';
import { collapseSpace, removeInvisible, textWidth } from './text-width.ts';

/** What the innermost open element says about the text in it. */
interface Frame {
  element: number;
  kind: BlockKind;
  level: number;
  group: number;
  /** Of a `tr`, and shared by everything inside: where its blocks begin, and the cell that is open. */
  row: { firstBlock: number; cell: number } | undefined;
  listDepth: number;
  quoteDepth: number;
  /** Number of the item, 0 in an unordered list. */
  ordinal: number;
  /** Of a list: whether its items are numbered, and the last number given. */
  numbered: boolean;
  lastOrdinal: number;
  codeLanguage: string;
}

/** Classes that say which language code is in: `language-ts`, `lang-ts`, `highlight-source-ts`, `brush: ts`. */
const CODE_LANGUAGE = /(?:^|\s)(?:lang(?:uage)?-|highlight-(?:source-|text-)?|brush:\s?)([\w+#-]{1,20})/i;

const OUTERMOST: Frame = {
  element: 0,
  kind: 'paragraph',
  level: 0,
  group: -1,
  row: undefined,
  listDepth: 0,
  quoteDepth: 0,
  ordinal: 0,
  numbered: false,
  lastOrdinal: 0,
  codeLanguage: '',
};

/** Turns tags and texts in document order into elements and blocks. Tags must come balanced. */
export class BlockBuilder {
  readonly #elements: PageElement[] = [emptyElement('#document', -1)];
  readonly #blocks: Block[] = [];
  /** Cell number of each block, −1 outside tables. */
  readonly #cells: number[] = [];
  readonly #frames: Frame[] = [{ ...OUTERMOST }];
  readonly #rich: RichText | undefined;
  readonly #withLinks: boolean;
  readonly #baseUrl: string | undefined;
  readonly #linkMarks: (Mark | undefined)[] = [];
  #links = 0;
  #bulletPending = false;
  #parts: string[] = [];
  #width = 0;
  #linkWidth = 0;

  /** @param markup keep what markdown needs; with `links` their addresses too */
  constructor(markup?: { links: boolean; url?: string }) {
    this.#rich = markup && new RichText();
    this.#withLinks = markup?.links ?? false;
    this.#baseUrl = markup?.url;
  }

  open(tag: string, attributes: Readonly<Record<string, string>>): void {
    if (tag === 'br') this.#breakLine();
    else if (tag === 'a') this.#openLink(attributes);
    else if (isBlockTag(tag)) this.#openBlock(tag, attributes);
    else if (this.#rich) this.#openInline(tag, attributes);
  }

  close(tag: string): void {
    if (tag === 'a') this.#closeLink();
    else if (isBlockTag(tag)) this.#closeBlock(tag);
    else if (this.#rich && !FORMATTING_TAGS.has(tag)) this.endFormatting(tag);
  }

  /** The end of an element such as `<b>`, whose tags need not be balanced. */
  endFormatting(tag: string): void {
    const mark = markOf(tag);
    if (mark) this.#rich?.close(mark);
  }

  text(text: string): void {
    const width = textWidth(text);
    this.#width += width;
    if (this.#links > 0) this.#linkWidth += width;
    this.#parts.push(this.#top.kind === 'code' ? text : collapseSpace(text));
    this.#rich?.text(text);
  }

  finish(): { elements: PageElement[]; blocks: Block[] } {
    this.#flush();
    sumSubtrees(this.#elements, this.#blocks);
    return { elements: this.#elements, blocks: this.#blocks };
  }

  #breakLine(): void {
    this.#parts.push('\n');
    this.#rich?.lineBreak();
  }

  #openLink({ href }: Readonly<Record<string, string>>): void {
    this.#links++;
    if (!this.#rich) return;
    const address = this.#withLinks ? linkAddress(href, this.#baseUrl) : undefined;
    const mark = address === undefined ? undefined : { opening: '[', closing: `](${address})` };
    if (mark) this.#rich.open(mark);
    this.#linkMarks.push(mark);
  }

  #closeLink(): void {
    this.#links--;
    const mark = this.#linkMarks.pop();
    if (mark) this.#rich?.close(mark);
  }

  #openInline(tag: string, attributes: Readonly<Record<string, string>>): void {
    const top = this.#top;
    if (top.kind === 'code') {
      if (tag === 'code') top.codeLanguage ||= codeLanguage(attributes);
      return;
    }
    const mark = markOf(tag);
    if (mark) this.#rich?.open(mark);
  }

  get #top(): Frame {
    return this.#frames[this.#frames.length - 1];
  }

  #openBlock(tag: string, attributes: Readonly<Record<string, string>>): void {
    this.#flush();
    const parent = this.#top;
    const element = emptyElement(tag, parent.element);
    element.role = elementRole(tag, attributes);
    this.#frames.push(this.#frameOf(tag, this.#elements.push(element) - 1, parent, attributes));
    if (tag === 'li') this.#bulletPending = true;
  }

  #frameOf(tag: string, element: number, parent: Frame, attributes: Readonly<Record<string, string>>): Frame {
    const frame: Frame = { ...parent, element, level: headingLevel(tag) || parent.level };
    if (headingLevel(tag) > 0) frame.kind = 'heading';
    else if (tag === 'pre') openCode(frame, attributes);
    else if (tag === 'blockquote') openQuote(frame);
    else if (tag === 'li') openItem(frame, parent, attributes);
    else if (tag === 'ul' || tag === 'ol') openList(frame, element, tag, attributes);
    else if (tag === 'dl' || tag === 'table') frame.group = element;
    else if (tag === 'tr') frame.row = { firstBlock: this.#blocks.length, cell: -1 };
    if ((tag === 'td' || tag === 'th') && frame.row) frame.row.cell++;
    return frame;
  }

  #closeBlock(tag: string): void {
    this.#flush();
    const { row, group } = this.#top;
    if (tag === 'tr' && row) mergeTableRow(this.#blocks, this.#cells, row.firstBlock, row.cell + 1, group);
    if (tag === 'li') this.#bulletPending = false;
    this.#frames.pop();
  }

  /** Ends the current block; one without anything visible leaves no trace. */
  #flush(): void {
    if (this.#width > 0) this.#addBlock();
    else this.#rich?.finish();
    this.#parts = [];
    this.#width = 0;
    this.#linkWidth = 0;
  }

  #addBlock(): void {
    const { kind, level, group, element, row } = this.#top;
    const inline = this.#rich?.finish();
    const raw = removeInvisible(this.#parts.join(''));
    const text = kind === 'code' ? tidyCode(raw) : tidyLines(raw);
    if (text === '') return;
    const actualKind = kind === 'item' && !this.#bulletPending ? 'paragraph' : kind;
    this.#bulletPending = false;
    this.#blocks.push({
      kind: actualKind,
      level,
      text,
      width: this.#width,
      linkWidth: this.#linkWidth,
      element,
      group,
      ...(inline !== undefined && { markup: markupOf(this.#top, inline) }),
    });
    this.#cells.push(row ? row.cell : -1);
  }
}

function openCode(frame: Frame, attributes: Readonly<Record<string, string>>): void {
  frame.kind = 'code';
  frame.codeLanguage = codeLanguage(attributes);
}

function openQuote(frame: Frame): void {
  frame.kind = 'quote';
  frame.quoteDepth++;
}

function openList(frame: Frame, element: number, tag: string, { start }: Readonly<Record<string, string>>): void {
  frame.group = element;
  frame.listDepth++;
  frame.numbered = tag === 'ol';
  frame.lastOrdinal = /^\d{1,6}$/.test(start ?? '') ? Number(start) - 1 : 0;
}

function openItem(frame: Frame, list: Frame, { value }: Readonly<Record<string, string>>): void {
  frame.kind = 'item';
  frame.listDepth ||= 1;
  if (/^\d{1,6}$/.test(value ?? '')) list.lastOrdinal = Number(value) - 1;
  frame.ordinal = list.numbered ? ++list.lastOrdinal : 0;
}

function codeLanguage(attributes: Readonly<Record<string, string>>): string {
  const named = attributes['data-lang'] ?? attributes['data-language'] ?? '';
  if (/^[\w+#-]{1,20}$/.test(named)) return named;
  return CODE_LANGUAGE.exec((attributes.class ?? '').slice(0, 200))?.[1] ?? '';
}

/** An address that can stand in a markdown link; scripts, fragments and broken ones are none. */
function linkAddress(href: string | undefined, base: string | undefined): string | undefined {
  if (!href || href.length > 2000 || href.startsWith('#') || /^\s*(?:javascript|data|vbscript):/i.test(href))
    return undefined;
  const address = URL.canParse(href, base) ? new URL(href, base).href : href.trim();
  return address
    .replace(/[\s()<>]/g, encodeURIComponent)
    .replaceAll('(', '%28')
    .replaceAll(')', '%29');
}

function markupOf({ listDepth, quoteDepth, ordinal, codeLanguage: language }: Frame, inline: string): BlockMarkup {
  return { inline, listDepth, quoteDepth, ordinal, codeLanguage: language };
}

function emptyElement(tag: string, parent: number): PageElement {
  return { tag, parent, role: 'neutral', width: 0, linkWidth: 0, prose: 0 };
}

/** Running text: single spaces, no blank lines; the only newlines are those of `<br>`. */
function tidyLines(text: string): string {
  return text
    .replace(/ {2,}/g, ' ')
    .replace(/ ?\n[ \n]*/g, '\n')
    .trim();
}

/** Code keeps its spaces and blank lines; only the ends are trimmed. */
function tidyCode(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  const first = lines.findIndex((line) => line !== '');
  const last = lines.findLastIndex((line) => line !== '');
  return first < 0 ? '' : lines.slice(first, last + 1).join('\n');
}

/** Adds every block to its element and every element to its parent; children come after parents, so one backward pass does. */
function sumSubtrees(elements: readonly PageElement[], blocks: readonly Block[]): void {
  for (const block of blocks) {
    const element = elements[block.element];
    element.width += block.width;
    element.linkWidth += block.linkWidth;
    element.prose += proseWeight(block);
  }
  for (let index = elements.length - 1; index > 0; index--) {
    const { parent, width, linkWidth, prose } = elements[index];
    elements[parent].width += width;
    elements[parent].linkWidth += linkWidth;
    elements[parent].prose += prose;
  }
}

import { elementRole } from './element-role.ts';
import type { Block, BlockKind, PageElement } from './page.ts';
import { proseWeight } from './page.ts';
import { mergeTableRow } from './table-row.ts';
import { headingLevel, isBlockTag } from './tag-roles.ts';
import { collapseSpace, removeInvisible, textWidth } from './text-width.ts';

/** What the innermost open element says about the text in it. */
interface Frame {
  element: number;
  kind: BlockKind;
  level: number;
  group: number;
  /** Of a `tr`, and shared by everything inside: where its blocks begin, and the cell that is open. */
  row: { firstBlock: number; cell: number } | undefined;
}

/** Turns tags and texts in document order into elements and blocks. Tags must come balanced. */
export class BlockBuilder {
  readonly #elements: PageElement[] = [emptyElement('#document', -1)];
  readonly #blocks: Block[] = [];
  /** Cell number of each block, −1 outside tables. */
  readonly #cells: number[] = [];
  readonly #frames: Frame[] = [{ element: 0, kind: 'paragraph', level: 0, group: -1, row: undefined }];
  #links = 0;
  #bulletPending = false;
  #parts: string[] = [];
  #width = 0;
  #linkWidth = 0;

  open(tag: string, attributes: Readonly<Record<string, string>>): void {
    if (tag === 'br') this.#parts.push('\n');
    else if (tag === 'a') this.#links++;
    else if (isBlockTag(tag)) this.#openBlock(tag, attributes);
  }

  close(tag: string): void {
    if (tag === 'a') this.#links--;
    else if (isBlockTag(tag)) this.#closeBlock(tag);
  }

  text(text: string): void {
    const width = textWidth(text);
    this.#width += width;
    if (this.#links > 0) this.#linkWidth += width;
    this.#parts.push(this.#top.kind === 'code' ? text : collapseSpace(text));
  }

  finish(): { elements: PageElement[]; blocks: Block[] } {
    this.#flush();
    sumSubtrees(this.#elements, this.#blocks);
    return { elements: this.#elements, blocks: this.#blocks };
  }

  get #top(): Frame {
    return this.#frames[this.#frames.length - 1];
  }

  #openBlock(tag: string, attributes: Readonly<Record<string, string>>): void {
    this.#flush();
    const parent = this.#top;
    const element = emptyElement(tag, parent.element);
    element.role = elementRole(tag, attributes);
    this.#frames.push(this.#frameOf(tag, this.#elements.push(element) - 1, parent));
    if (tag === 'li') this.#bulletPending = true;
  }

  #frameOf(tag: string, element: number, parent: Frame): Frame {
    const { kind, group, row } = parent;
    const frame: Frame = { element, kind, level: headingLevel(tag) || parent.level, group, row };
    if (headingLevel(tag) > 0) frame.kind = 'heading';
    else if (tag === 'pre') frame.kind = 'code';
    else if (tag === 'blockquote') frame.kind = 'quote';
    else if (tag === 'li') frame.kind = 'item';
    else if (tag === 'ul' || tag === 'ol' || tag === 'dl' || tag === 'table') frame.group = element;
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
    this.#parts = [];
    this.#width = 0;
    this.#linkWidth = 0;
  }

  #addBlock(): void {
    const { kind, level, group, element, row } = this.#top;
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
    });
    this.#cells.push(row ? row.cell : -1);
  }
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

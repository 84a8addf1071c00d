import { collapseSpace, removeInvisible } from './text-width.ts';

/** How a stretch of inline text is marked: `**bold**`, `[link](address)`. */
export interface Mark {
  readonly opening: string;
  readonly closing: string;
}

/** Marks of inline elements. Subscripts, small print and the like have none in markdown. */
const MARKS: Readonly<Record<string, Mark>> = Object.fromEntries(
  [
    ['b strong', '**'],
    ['i em cite dfn var', '*'],
    ['code tt kbd samp', '`'],
    ['s strike del', '~~'],
  ].flatMap(([tags, mark]) => tags.split(' ').map((tag) => [tag, { opening: mark, closing: mark }])),
);

/** The mark of an inline element, if it has one. */
export function markOf(tag: string): Mark | undefined {
  return Object.hasOwn(MARKS, tag) ? MARKS[tag] : undefined;
}

/** Nested deeper than this, marks say nothing any more. */
const MAXIMUM_MARKS = 16;

/**
 * The inline text of one block as markdown. Marks hug the text (spaces move outside, as CommonMark wants), marks around nothing
 * vanish, and marks still open at the end are closed. Nothing is escaped: the text is for reading, as trafilatura's is.
 */
export class RichText {
  #written = '';
  #space = '';
  /** Open marks, outermost first; the first `#opened` of them are written. */
  #marks: Mark[] = [];
  #opened = 0;

  text(raw: string): void {
    const collapsed = collapseSpace(removeInvisible(raw));
    const text = collapsed.trim();
    if (collapsed.startsWith(' ')) this.#space ||= ' ';
    if (text === '') return;
    if (this.#written !== '') this.#written += this.#space;
    this.#space = collapsed.endsWith(' ') ? ' ' : '';
    for (; this.#opened < this.#marks.length; this.#opened++) this.#written += this.#marks[this.#opened].opening;
    this.#written += text;
  }

  lineBreak(): void {
    this.#space = '\n';
  }

  open(mark: Mark): void {
    // The same mark twice is one: `<b><strong>`.
    if (this.#marks.length < MAXIMUM_MARKS && !this.#marks.includes(mark)) this.#marks.push(mark);
  }

  /** Ends the mark, and for a moment those inside it, which go on behind it. */
  close(mark: Mark): void {
    const at = this.#marks.indexOf(mark);
    if (at < 0) return;
    const inner = this.#marks.slice(at + 1);
    this.#closeFrom(at);
    this.#marks.push(...inner);
  }

  /** The text so far; begins anew, with no mark open. */
  finish(): string {
    this.#closeFrom(0);
    const text = this.#written;
    this.#written = '';
    this.#space = '';
    return text;
  }

  #closeFrom(at: number): void {
    while (this.#opened > at) this.#written += this.#marks[--this.#opened].closing;
    this.#marks.length = at;
  }
}

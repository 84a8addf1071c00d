import { Parser } from 'htmlparser2';
import { BlockBuilder } from './block-builder.ts';
import { HeadReader } from './head-reader.ts';
import { elementRole } from './element-role.ts';
import type { Page } from './page.ts';
import { FORMATTING_TAGS, PHRASE_TAGS, SKIPPED_TAGS } from './tag-roles.ts';
import { WebError } from './web-error.ts';

/** Opening a tag inside so many others costs one unit of work more: htmlparser2 searches its stack. */
const DEPTH_PER_WORK_UNIT = 64;
/** Text costs by its length, so that a page of a hundred megabytes in one piece is refused before it is looked at. */
const CHARACTERS_PER_WORK_UNIT = 32;

/** Reads formatting tags as if they had no end, and tells of their ends apart. */
class PageParser extends Parser {
  onFormattingEnd: ((tag: string) => void) | undefined;
  #atEndTag = false;

  override onclosetag(start: number, end: number): void {
    this.#atEndTag = true;
    super.onclosetag(start, end);
    this.#atEndTag = false;
  }

  protected override isVoidElement(name: string): boolean {
    if (!FORMATTING_TAGS.has(name)) return super.isVoidElement(name);
    if (this.#atEndTag) this.onFormattingEnd?.(name);
    return true;
  }
}

/** What {@link parsePage} keeps besides text. */
export interface ParseOptions {
  /** Units of work before giving up. */
  maximumWork: number;
  /** Keep what markdown needs; `links`: addresses too, resolved against the page's. */
  markup?: { links: boolean; url?: string };
}

/** Elements whose text nobody should see: scripts and their like, hidden phrases, icons, "skip to content". */
function isSkipped(tag: string, attributes: Readonly<Record<string, string>>): boolean {
  return SKIPPED_TAGS.has(tag) || (PHRASE_TAGS.has(tag) && elementRole(tag, attributes) === 'boilerplate');
}

/**
 * Reads HTML in one pass into elements and blocks. Work is counted in parser events (tags, attributes, texts), deep nesting
 * counting more, so that the limit means the same on every machine.
 *
 * @throws WebError `TOO_MUCH_WORK` when the page takes more than `maximumWork` units
 */
export function parsePage(html: string, { maximumWork, markup }: ParseOptions): Page {
  const head = new HeadReader();
  const builder = new BlockBuilder(markup);
  let depth = 0;
  let skippedFrom = Infinity;
  let work = 0;

  function spend(units: number): void {
    work += units;
    if (work > maximumWork)
      throw new WebError(
        'TOO_MUCH_WORK',
        `the page takes more than ${maximumWork} units of work; raise maximumWork to read it`,
      );
  }

  const parser = new PageParser({
    onattribute: () => spend(1),
    onopentag(tag, attributes) {
      spend(1 + depth / DEPTH_PER_WORK_UNIT);
      depth++;
      head.open(tag, attributes);
      if (depth > skippedFrom) return;
      if (isSkipped(tag, attributes)) skippedFrom = depth;
      else builder.open(tag, attributes);
    },
    onclosetag(tag) {
      spend(1 + depth / DEPTH_PER_WORK_UNIT);
      const skipped = depth >= skippedFrom;
      if (depth === skippedFrom) skippedFrom = Infinity;
      depth--;
      head.close(tag);
      if (!skipped) builder.close(tag);
    },
    ontext(text) {
      spend(1 + text.length / CHARACTERS_PER_WORK_UNIT);
      if (depth >= skippedFrom) head.text(text);
      else builder.text(text);
    },
  });
  if (markup) parser.onFormattingEnd = (tag) => depth < skippedFrom && builder.endFormatting(tag);
  parser.write(html);
  parser.end();
  return { head: head.finish(), ...builder.finish() };
}

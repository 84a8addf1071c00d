import type { PageHead } from './page.ts';
import { collapseSpace } from './text-width.ts';

const MAXIMUM_VALUE_CHARACTERS = 2000;
const MAXIMUM_TITLE_CHARACTERS = 10_000;
const MAXIMUM_STRUCTURED_CHARACTERS = 1 << 16;
const MAXIMUM_STRUCTURED_SCRIPTS = 8;

type Attributes = Readonly<Record<string, string>>;

/** Collects title, meta, canonical link, language and JSON-LD, wherever in the page they stand. First mention wins. */
export class HeadReader {
  readonly #head: PageHead = { title: '', meta: new Map(), structuredData: [] };
  #capturing: 'title' | 'script' | undefined;
  #captured = '';
  #titleDone = false;

  open(tag: string, attributes: Attributes): void {
    switch (tag) {
      case 'html':
        this.#head.language ??= attributes.lang || attributes['xml:lang'] || undefined;
        this.#head.direction ??= attributes.dir || undefined;
        break;
      case 'body':
        this.#head.language ??= attributes.lang || undefined;
        this.#head.direction ??= attributes.dir || undefined;
        break;
      case 'meta':
        this.#meta(attributes);
        break;
      case 'link':
        if (/\bcanonical\b/i.test(attributes.rel ?? '')) this.#head.canonical ??= cut(attributes.href);
        this.#license(attributes);
        break;
      case 'a':
        this.#license(attributes);
        break;
      case 'time':
        this.#head.time ??= cut(attributes.datetime);
        break;
      case 'title':
        if (!this.#titleDone) this.#capture('title');
        break;
      case 'script':
        if (/^application\/ld\+json/i.test(attributes.type ?? '')) this.#capture('script');
    }
  }

  text(text: string): void {
    if (this.#capturing && this.#captured.length < MAXIMUM_STRUCTURED_CHARACTERS) this.#captured += text;
  }

  close(tag: string): void {
    if (tag !== this.#capturing) return;
    if (tag === 'title') {
      this.#head.title = collapseSpace(this.#captured).trim().slice(0, MAXIMUM_TITLE_CHARACTERS);
      this.#titleDone = true;
    } else if (this.#isWholeScript()) this.#head.structuredData.push(this.#captured);
    this.#capturing = undefined;
  }

  finish(): PageHead {
    return this.#head;
  }

  #license({ rel, href }: Attributes): void {
    if (rel && this.#head.license === undefined && /\blicen[cs]e\b/i.test(rel)) this.#head.license = cut(href);
  }

  #isWholeScript(): boolean {
    return (
      this.#captured.length < MAXIMUM_STRUCTURED_CHARACTERS &&
      this.#head.structuredData.length < MAXIMUM_STRUCTURED_SCRIPTS
    );
  }

  #capture(what: 'title' | 'script'): void {
    this.#capturing = what;
    this.#captured = '';
  }

  #meta(attributes: Attributes): void {
    const name = (
      attributes.property ??
      attributes.name ??
      attributes.itemprop ??
      attributes['http-equiv']
    )?.toLowerCase();
    const content = cut(attributes.content)?.trim();
    if (name && content && !this.#head.meta.has(name)) this.#head.meta.set(name.slice(0, 200), content);
  }
}

function cut(value: string | undefined): string | undefined {
  return value?.slice(0, MAXIMUM_VALUE_CHARACTERS);
}

import type { PageHead } from './page.ts';
import { collapseSpace } from './text-width.ts';

/** What a page says about itself. Absent where it says nothing, or nothing usable. */
export interface PageMetadata {
  title?: string;
  /** `lang` of the page as written, e.g. `en-GB`. */
  language?: string;
  /** `dir` of the page: `ltr`, `rtl` or `auto`. */
  direction?: string;
  /** Day of publication, `YYYY-MM-DD`. */
  date?: string;
  author?: string;
  canonicalUrl?: string;
  /** True when a robots `<meta>` asks not to be indexed. */
  noindex?: boolean;
  /** What the page asks of robots, as written: `noindex, nofollow`, `noai`, `tdm-reservation: 1`. */
  robots?: string;
  /** Address or name of the page's licence. */
  license?: string;
}

const DATE_NAMES = [
  'article:published_time',
  'og:article:published_time',
  'datepublished',
  'date',
  'dc.date',
  'dc.date.issued',
  'dcterms.created',
  'dcterms.date',
  'pubdate',
  'publishdate',
  'publish-date',
  'parsely-pub-date',
  'sailthru.date',
  'citation_publication_date',
];
const AUTHOR_NAMES = [
  'author',
  'article:author',
  'dc.creator',
  'dcterms.creator',
  'parsely-author',
  'sailthru.author',
  'citation_author',
];
const MAXIMUM_STRUCTURED_ITEMS = 200;

/** Reads metadata from head tags, then JSON-LD, then `<time>`. @param url address of the page, to resolve a relative canonical link */
export function pageMetadata(head: PageHead, url?: string): PageMetadata {
  const structured = structuredItems(head.structuredData);
  const { meta } = head;
  const found: PageMetadata = {
    title: meta.get('og:title') ?? (head.title || undefined),
    language: head.language ?? meta.get('content-language')?.split(',')[0].trim(),
    direction: head.direction?.toLowerCase(),
    date: firstDate([
      ...DATE_NAMES.map((name) => meta.get(name)),
      ...structured.map((item) => item.datePublished),
      head.time,
    ]),
    author: firstName([...AUTHOR_NAMES.map((name) => meta.get(name)), ...structured.map((item) => item.author)]),
    canonicalUrl: resolve(head.canonical ?? meta.get('og:url'), url),
    noindex: /\b(?:noindex|none)\b/i.test(`${meta.get('robots') ?? ''} ${meta.get('googlebot') ?? ''}`) || undefined,
    robots: robotsWishes(meta),
    license: licenseOf(head, structured, url),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

const LICENSE_NAMES = ['dc.rights.license', 'dcterms.license', 'dc.rights', 'dcterms.rights', 'license', 'rights'];

/** What `robots` and the names of single crawlers say, and the reservation of text mining rights (TDM Reservation Protocol). */
function robotsWishes(meta: ReadonlyMap<string, string>): string | undefined {
  const wishes = ['robots', 'googlebot', 'ccbot', 'gptbot'].map((name) => meta.get(name));
  const reservation = meta.get('tdm-reservation');
  if (reservation !== undefined) wishes.push(`tdm-reservation: ${reservation}`);
  return [...new Set(wishes.filter((wish) => wish !== undefined))].join(', ') || undefined;
}

/** `rel="license"`, then meta tags, then JSON-LD. */
function licenseOf(head: PageHead, structured: readonly StructuredItem[], url?: string): string | undefined {
  if (head.license) return resolve(head.license, url) ?? head.license;
  const named = LICENSE_NAMES.map((name) => head.meta.get(name)).find((value) => value !== undefined);
  return named ?? firstText(structured.map(({ license }) => license));
}

/** The first text, or the address or name of the first object. */
function firstText(candidates: readonly unknown[]): string | undefined {
  for (const candidate of candidates.flat()) {
    const value = isObject(candidate) ? (candidate.url ?? candidate['@id'] ?? candidate.name) : candidate;
    if (typeof value === 'string' && value.trim() !== '') return value.trim().slice(0, 500);
  }
  return undefined;
}

type StructuredItem = Record<string, unknown>;

/** The objects of all JSON-LD scripts, `@graph` members included; scripts that are not JSON say nothing. */
function structuredItems(scripts: readonly string[]): StructuredItem[] {
  const items: unknown[] = scripts.map(parseJson);
  for (let index = 0; index < items.length && items.length < MAXIMUM_STRUCTURED_ITEMS; index++) {
    const item = items[index];
    if (Array.isArray(item)) items.push(...item.slice(0, MAXIMUM_STRUCTURED_ITEMS));
    else if (isObject(item) && item['@graph']) items.push(item['@graph']);
  }
  return items.filter(isObject);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is StructuredItem {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstDate(candidates: readonly unknown[]): string | undefined {
  for (const candidate of candidates) {
    const match =
      typeof candidate === 'string' && /(?:^|\D)((?:19|20)\d\d)[-/.](\d\d?)[-/.](\d\d?)(?:\D|$)/.exec(candidate);
    if (!match) continue;
    const [year, month, day] = match.slice(1).map(Number);
    if (month >= 1 && month <= 12 && day >= 1 && day <= 31) return isoDay(year, month, day);
  }
  return undefined;
}

function isoDay(year: number, month: number, day: number): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Names; addresses of profiles (`article:author` often is one) are none. */
function firstName(candidates: readonly unknown[]): string | undefined {
  for (const candidate of candidates.flat()) {
    const name = isObject(candidate) ? candidate.name : candidate;
    if (typeof name !== 'string' || /^https?:/i.test(name)) continue;
    const tidy = collapseSpace(name).trim().slice(0, 200);
    if (tidy) return tidy;
  }
  return undefined;
}

function resolve(address: string | undefined, base: string | undefined): string | undefined {
  if (!address) return undefined;
  return URL.canParse(address, base) ? new URL(address, base).href : undefined;
}

import { parse } from 'tldts';
import { AhoCorasick } from './aho-corasick.ts';

/** Keep, or drop with the reason that is counted, the listed entries found, and how many different ones it takes. */
export type UrlVerdict = { keep: true } | { keep: false; reason: UrlDropReason; value: string; limit: number };

/** Why a url is dropped, in the order of the checks. */
export type UrlDropReason =
  | 'domain'
  | 'subdomain'
  | 'url'
  | 'hard_blacklisted'
  | 'soft_blacklisted'
  | 'blacklisted_subword';

/** The lists of a `UrlFilter`. All are the user's: none is shipped. */
export interface UrlFilterLists {
  /** Registered domains and whole hosts (UT1's `domains` file). */
  domains?: Iterable<string>;
  /** Whole urls (UT1's `urls` file). */
  urls?: Iterable<string>;
  /** One such word in a url is enough. */
  bannedWords?: Iterable<string>;
  /** Looked for anywhere in the url's letters and digits. */
  bannedSubwords?: Iterable<string>;
  /** Two different ones are enough. */
  softBannedWords?: Iterable<string>;
  /** Different soft words that drop a url. Default 2. */
  softWordThreshold?: number;
}

/**
 * FineWeb's url filter: six checks in order, the first hit drops (datatrove, pipeline/filters/url_filter.py).
 * Words are compared as they are written in the url, list words in lower case, as there: `/PORN/` passes the word check,
 * not the subword check.
 */
export class UrlFilter {
  readonly #domains: ReadonlySet<string>;
  readonly #urls: ReadonlySet<string>;
  readonly #bannedWords: ReadonlySet<string>;
  readonly #softBannedWords: ReadonlySet<string>;
  readonly #bannedSubwords: AhoCorasick;
  readonly #softWordThreshold: number;

  constructor(lists: UrlFilterLists = {}) {
    this.#domains = trimmed(lists.domains);
    this.#urls = trimmed(lists.urls);
    this.#bannedWords = normalized(lists.bannedWords);
    this.#softBannedWords = normalized(lists.softBannedWords);
    this.#bannedSubwords = new AhoCorasick(normalized(lists.bannedSubwords));
    this.#softWordThreshold = lists.softWordThreshold ?? 2;
  }

  /** Judges one url. A url that cannot be parsed has no domain and goes through the other checks. */
  check(url: string): UrlVerdict {
    const { domain, hostname } = parse(url, { validateHostname: false });
    if (domain && this.#domains.has(domain)) return drop('domain', domain);
    if (hostname && this.#domains.has(hostname)) return drop('subdomain', hostname);
    if (this.#urls.has(url)) return drop('url', url);
    const words = url.split(/[^a-zA-Z0-9]+/);
    const hard = words.find((word) => this.#bannedWords.has(word));
    if (hard) return drop('hard_blacklisted', hard);
    const soft = new Set(words.filter((word) => this.#softBannedWords.has(word)));
    if (soft.size >= this.#softWordThreshold) {
      return drop('soft_blacklisted', [...soft].join(' '), this.#softWordThreshold);
    }
    const subword = this.#bannedSubwords.find(normalizeWord(url));
    return subword === undefined ? { keep: true } : drop('blacklisted_subword', subword);
  }
}

/** Lines of a word or domain list: empty lines and lines that begin with `#` are left out. */
export function parseList(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function drop(reason: UrlDropReason, value: string, limit = 1): UrlVerdict {
  return { keep: false, reason, value: value.slice(0, 200), limit };
}

function normalizeWord(word: string): string {
  return word.replace(/[^a-zA-Z0-9]+/g, '').toLowerCase();
}

function normalized(list: Iterable<string> = []): Set<string> {
  return new Set([...list].map(normalizeWord).filter((word) => word !== ''));
}

function trimmed(list: Iterable<string> = []): Set<string> {
  return new Set(Array.from(list, (entry) => entry.trim()).filter((entry) => entry !== ''));
}

import { setTimeout as wait } from 'node:timers/promises';
import { guardedRequest } from './guarded-request.ts';
import type { Fetched, RequestLimits } from './guarded-request.ts';
import { PdfCache } from './pdf-cache.ts';
import { PdfError } from './pdf-error.ts';
import { MAXIMUM_ROBOTS_BYTES, isAllowed } from './robots.ts';

/** How PDFs are fetched again. */
export interface RefetchOptions extends Partial<RequestLimits> {
  /** Where fetched files are kept, by the hash of their address; default: nowhere. */
  cacheFolder?: string;
  /** Further attempts where a server is busy or a connection breaks; default 3. */
  retries?: number;
  /** Before attempt n + 1, this times 2ⁿ seconds pass, or what the server asks for; default 2. */
  backoffSeconds?: number;
  /** Redirects followed; default 5. */
  maximumRedirects?: number;
  /** Product token that robots.txt is asked for; default `smol-pdf`. */
  robotsAgent?: string;
}

/** A file fetched again. */
export interface RefetchedPdf {
  bytes: Uint8Array;
  /** Where it was found, after redirects; the address asked for when it comes from the cache. */
  url: string;
  fromCache: boolean;
}

const DEFAULTS = {
  userAgent: 'smol-pdf/0 (+https://www.npmjs.com/package/@smol/pdf)',
  maximumBytes: 512 * 1024 * 1024,
  idleSeconds: 60,
  totalSeconds: 600,
  retries: 3,
  backoffSeconds: 2,
  maximumRedirects: 5,
  robotsAgent: 'smol-pdf',
};
/** Worth another attempt (FinePDFs' list). */
const BUSY = new Set([403, 408, 429, 500, 502, 503, 504]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAXIMUM_WAIT_SECONDS = 120;
const HEADER_WINDOW = 1024;

type Settings = RefetchOptions & typeof DEFAULTS;

/** Fetches PDFs again that a crawl has cut short; remembers each host's robots.txt. */
export class PdfFetcher {
  readonly #settings: Settings;
  readonly #cache: PdfCache | undefined;
  readonly #robots = new Map<string, Promise<string | undefined>>();

  constructor(options: RefetchOptions = {}) {
    this.#settings = { ...DEFAULTS, ...options };
    this.#cache = options.cacheFolder === undefined ? undefined : new PdfCache(options.cacheFolder);
  }

  /**
   * Fetches one file.
   *
   * @throws PdfError INVALID_ARGUMENT for no http address, FORBIDDEN_ADDRESS, FORBIDDEN_BY_ROBOTS, FETCH_FAILED, TOO_LARGE,
   * NOT_A_PDF, TRUNCATED when less came than was announced
   */
  async fetch(address: string): Promise<RefetchedPdf> {
    const url = parseAddress(address);
    const cached = await this.#cache?.read(url.href);
    if (cached) return { bytes: cached, url: url.href, fromCache: true };
    const { response, url: final } = await this.#follow(url);
    checkContent(final, response);
    await this.#cache?.write(url.href, response.body);
    return { bytes: response.body, url: final.href, fromCache: false };
  }

  /** Follows redirects; each address is checked anew, and asked for its robots.txt. */
  async #follow(start: URL): Promise<{ response: Fetched; url: URL }> {
    let url = start;
    for (let hops = 0; hops <= this.#settings.maximumRedirects; hops++) {
      await this.#checkRobots(url);
      const response = await this.#attempt(url, this.#settings);
      const { location } = response.headers;
      if (!REDIRECTS.has(response.status) || location === undefined) return { response, url };
      url = parseAddress(location, url);
    }
    throw new PdfError('FETCH_FAILED', `${start.href}: more than ${this.#settings.maximumRedirects} redirects`);
  }

  /** Again after a while, where that may help. */
  async #attempt(url: URL, limits: RequestLimits): Promise<Fetched> {
    const { retries, backoffSeconds } = this.#settings;
    for (let attempt = 0; ; attempt++) {
      let pause = backoffSeconds * 2 ** attempt;
      try {
        const response = await guardedRequest(url, limits);
        if (!BUSY.has(response.status) || attempt === retries) return response;
        const asked = Number(response.headers['retry-after']);
        if (asked >= 0) pause = Math.min(asked, MAXIMUM_WAIT_SECONDS);
      } catch (error) {
        if (!(error instanceof PdfError && error.code === 'FETCH_FAILED') || attempt === retries) throw error;
      }
      await wait(pause * 1000);
    }
  }

  async #checkRobots(url: URL): Promise<void> {
    const known = this.#robots.get(url.origin);
    const pending = known ?? this.#readRobots(url);
    if (!known) this.#robots.set(url.origin, pending);
    const text = await pending;
    if (text !== undefined && isAllowed(text, this.#settings.robotsAgent, url.pathname + url.search)) return;
    const why = text === undefined ? 'robots.txt cannot be read' : 'robots.txt forbids it';
    throw new PdfError('FORBIDDEN_BY_ROBOTS', `${url.href}: is not fetched because ${why}`);
  }

  /** None (4xx) allows everything, a broken server nothing (RFC 9309, 2.3.1). */
  async #readRobots(from: URL): Promise<string | undefined> {
    let url = new URL('/robots.txt', from);
    const limits = {
      ...this.#settings,
      maximumBytes: MAXIMUM_ROBOTS_BYTES * 2,
      totalSeconds: this.#settings.idleSeconds,
    };
    for (let hops = 0; hops <= this.#settings.maximumRedirects; hops++) {
      const { status, headers, body } = await guardedRequest(url, limits);
      if (REDIRECTS.has(status) && headers.location) url = parseAddress(headers.location, url);
      else if (status >= 400 && status < 500) return '';
      else return status === 200 ? body.toString('utf8') : undefined;
    }
    return '';
  }
}

/**
 * Fetches one PDF again. Use a {@link PdfFetcher} for many.
 *
 * @throws PdfError as {@link PdfFetcher.fetch}
 */
export function refetchPdf(url: string, options: RefetchOptions = {}): Promise<RefetchedPdf> {
  return new PdfFetcher(options).fetch(url);
}

function parseAddress(address: string, base?: URL): URL {
  const url = URL.canParse(address, base) ? new URL(address, base) : undefined;
  if (url && /^https?:$/.test(url.protocol)) {
    url.hash = '';
    return url;
  }
  throw new PdfError('INVALID_ARGUMENT', `${address.slice(0, 200)}: is no http or https address`);
}

function checkContent(url: URL, { status, headers, body }: Fetched): void {
  if (status !== 200) throw new PdfError('FETCH_FAILED', `${url.href}: the server answered ${status}`);
  const declared = Number(headers['content-length'] ?? body.length);
  if (body.length < declared) {
    throw new PdfError('TRUNCATED', `${url.href}: ${body.length} of ${declared} bytes came; try again`);
  }
  if (body.subarray(0, HEADER_WINDOW).includes('%PDF-')) return;
  const got = `${headers['content-type'] ?? 'no content type'}, beginning with ${JSON.stringify(body.toString('latin1', 0, 16))}`;
  throw new PdfError('NOT_A_PDF', `${url.href}: is not a PDF: got ${got}`);
}

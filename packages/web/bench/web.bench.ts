import { readFileSync, readdirSync } from 'node:fs';
import { WARCParser } from 'warcio';
import { extractHtml, readWarc, encodeWarcRecord, UrlFilter } from '../src/index.ts';
import { sitePages } from '../src/site-pages.fixture.ts';
import { overlap } from '../src/word-overlap.fixture.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const ROUNDS = 5;
const fixtures = new URL('../src/fixtures/', import.meta.url);
const pages = readdirSync(fixtures)
  .filter((name) => name.endsWith('.html'))
  .map((name) => readFileSync(new URL(name, fixtures), 'utf8'));
/** About 130 kB: the middle of a long article repeated, as many elements as a real page has. */
const longPage = pages[0].replace('</p>', `</p>${pages[0].match(/<p>.*<\/p>/gs)?.[0] ?? ''}`.repeat(40));

/** Median over rounds of amount / seconds, after one round to warm up. */
async function rate(amount: number, work: () => unknown): Promise<number> {
  const rates: number[] = [];
  await work();
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await work();
    rates.push(amount / ((performance.now() - start) / 1000));
  }
  return rates.sort((a, b) => a - b)[ROUNDS >> 1];
}

function row(name: string, ours: number, unit: string, peer: string, peerValue: number | null): BenchRow {
  return { bench: 'web', case: name, ours, unit, peer, peerValue, ratio: peerValue === null ? null : ours / peerValue };
}

/** Readability on linkedom, if both are installed. */
async function readability(): Promise<((html: string) => unknown) | null> {
  const names = ['@mozilla/readability', 'linkedom'];
  try {
    const [{ Readability }, { parseHTML }] = await Promise.all(names.map((name) => import(/* @vite-ignore */ name)));
    return (html) => new Readability(parseHTML(html).document).parse();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code?.endsWith('MODULE_NOT_FOUND')) return null;
    throw error;
  }
}

async function benchExtraction(): Promise<BenchRow[]> {
  const peer = await readability();
  const cases: [string, string[]][] = [
    ['extract, short pages', Array.from({ length: 50 }, () => pages).flat()],
    ['extract, long pages', Array.from({ length: 10 }, () => longPage)],
  ];
  const rows: BenchRow[] = [];
  for (const [name, set] of cases) {
    const megabytes = set.reduce((sum, page) => sum + Buffer.byteLength(page), 0) / 1e6;
    const ours = await rate(megabytes, () => set.forEach((page) => extractHtml(page)));
    const theirs = peer && (await rate(megabytes, () => set.forEach((page) => peer(page))));
    rows.push(row(name, ours, 'MB/s', 'readability+linkedom', theirs));
  }
  return rows;
}

type Extractor = (html: string) => Promise<string | null | undefined> | string | null | undefined;

/** Title and main text by Readability and by Defuddle, both on linkedom; tags become spaces. */
async function otherExtractors(): Promise<Record<string, Extractor>> {
  const [{ Readability }, { parseHTML }, { Defuddle }] = await Promise.all([
    import('@mozilla/readability'),
    import('linkedom'),
    import('defuddle/node'),
  ]);
  const withoutTags = (html: string | null | undefined) =>
    parseHTML(`<!doctype html><html><body>${(html ?? '').replace(/>/g, '> ')}</body></html>`).document.body.textContent;
  const withTitle = (title: string | null | undefined, html: string | null | undefined) =>
    `${title ?? ''}\n${withoutTags(html) ?? ''}`;
  return {
    readability: (html) => {
      const article = new Readability(parseHTML(html).document).parse();
      return withTitle(article?.title, article?.content);
    },
    defuddle: async (html) => {
      const { title, content } = await Defuddle(parseHTML(html).document as never, 'https://example.org/', {});
      return withTitle(title, content);
    },
  };
}

/** Mean word F1 and pages a second over the pages of differently built sites with known main text. */
async function benchSites(): Promise<BenchRow[]> {
  const sites = sitePages();
  const score = async (extract: Extractor) => {
    let total = 0;
    for (const { html, truth } of sites) total += overlap((await extract(html)) ?? '', truth.join('\n')).f1;
    return total / sites.length;
  };
  const pagesPerSecond = (extract: Extractor) =>
    rate(sites.length, async () => {
      for (const { html } of sites) await extract(html);
    });
  const ours: Extractor = (html) => extractHtml(html)?.text;
  const rows: BenchRow[] = [];
  for (const [peer, extract] of Object.entries(await otherExtractors())) {
    rows.push(row(`extract, F1 on ${sites.length} sites`, await score(ours), 'F1', peer, await score(extract)));
    rows.push(
      row(`extract, ${sites.length} sites`, await pagesPerSecond(ours), 'pages/s', peer, await pagesPerSecond(extract)),
    );
  }
  return rows;
}

async function benchWarc(): Promise<BenchRow> {
  const payload = longPage.slice(0, 30_000);
  const members = Array.from({ length: 300 }, (_, index) =>
    encodeWarcRecord({ url: `https://example.org/${index}`, date: '2024-01-01T00:00:00Z', payload }),
  );
  const file = Buffer.concat(members);
  const chunks = async function* () {
    for (let at = 0; at < file.length; at += 1 << 16) yield file.subarray(at, at + (1 << 16));
  };
  const ours = await rate(members.length, async () => {
    let bytes = 0;
    for await (const record of readWarc(chunks())) bytes += record.payload.length;
    return bytes;
  });
  const theirs = await rate(members.length, async () => {
    for await (const record of new WARCParser(chunks())) await record.readFully(true);
  });
  return row('read .warc.gz, 30 kB pages', ours, 'records/s', 'warcio', theirs);
}

async function benchUrls(): Promise<BenchRow> {
  const words = Array.from({ length: 200 }, (_, index) => `word${index}x`);
  const filter = new UrlFilter({
    domains: words.map((word) => `${word}.com`),
    bannedWords: words,
    bannedSubwords: words,
  });
  const urls = Array.from(
    { length: 20_000 },
    (_, index) => `https://www.site${index}.co.uk/2024/some-long-article-${index}?page=2`,
  );
  return row(
    'filter urls',
    await rate(urls.length, () => urls.forEach((url) => filter.check(url))),
    'urls/s',
    'none',
    null,
  );
}

/** Pages, records and urls a second, one thread. */
export async function bench(): Promise<BenchRow[]> {
  return [...(await benchSites()), ...(await benchExtraction()), await benchWarc(), await benchUrls()];
}

import { createHash } from 'node:crypto';
import { detectTruncation } from './detect-truncation.ts';
import { extractPdf } from './extract-pdf.ts';
import type { ExtractedPdf, ExtractPdfOptions } from './extract-pdf.ts';
import { BYTES, PAGES } from './finepdfs-item.ts';
import type { PdfItem, PdfStep } from './finepdfs-item.ts';
import { cleanPages, joinPages } from './finepdfs-clean.ts';
import { identifyPages } from './finepdfs-language.ts';
import type { IdentifyLanguage } from './finepdfs-language.ts';
import { pdfReader } from './finepdfs-reader.ts';
import type { PdfRecord } from './finepdfs-reader.ts';
import { PdfError } from './pdf-error.ts';

/** What the steps need of other packages; what is absent is left out. */
export interface FinePdfsOptions {
  /** `readWarc` of `@smol/web`, for inputs named `.warc` or `.warc.gz`. */
  readWarc?: (input: string) => AsyncIterable<PdfRecord>;
  /** A `PdfFetcher`, to get files again that were cut short. */
  fetcher?: { fetch(url: string): Promise<{ bytes: Uint8Array }> };
  /** `LanguageIdentifier.identify` of `@smol/quality`. */
  identifyLanguage?: IdentifyLanguage;
  /** `redactPii` of `@smol/quality`. */
  redactPii?: (text: string) => { text: string };
  countTokens?: (text: string) => number;
  /** Name of the crawl. */
  dump?: string;
  /** How PDFs are extracted; FinePDFs' documents that need recognition are so with `ocr: 'auto'`. */
  extract?: ExtractPdfOptions;
}

/**
 * FinePDFs' pipeline (github huggingface/finepdfs, run_finepdfs_pipeline.py) as a reader and steps for `@smol/pipeline`: archive or
 * folder → truncation check → refetch → byte-exact dedup → route and extract → clean → language of pages and document → addresses
 * replaced → rows with FinePDFs' columns in `metadata`.
 */
export function finePdfs(options: FinePdfsOptions = {}): { read: ReturnType<typeof pdfReader>; steps: PdfStep[] } {
  const steps = [
    truncationStep(),
    options.fetcher && refetchStep(options.fetcher),
    dedupStep(),
    extractStep(options.extract ?? {}),
  ];
  steps.push(cleanStep(), options.identifyLanguage && languageStep(options.identifyLanguage));
  steps.push(options.redactPii && piiStep(options.redactPii), rowStep(options.dump, options.countTokens));
  return { read: pdfReader(options.readWarc), steps: steps.filter((step) => step !== undefined) };
}

/** Marks files that were cut short, by the crawler's word or by their own. */
function truncationStep(): PdfStep {
  return {
    name: 'pdf-truncation',
    version: '1',
    process(document, { count }) {
      const { truncated, reason } = detectTruncation(document[BYTES]!);
      const isTruncated = truncated || document.metadata['is_truncated'] === true;
      if (isTruncated) count('truncated');
      return withMetadata(document, { is_truncated: isTruncated, ...(reason && { truncation: reason }) });
    },
  };
}

/** Gets what was cut short again; where that fails, what is there is kept for salvage. */
function refetchStep(fetcher: NonNullable<FinePdfsOptions['fetcher']>): PdfStep {
  return {
    name: 'pdf-refetch',
    version: '1',
    async process(document, { count }) {
      if (document.metadata['is_truncated'] !== true || document.url === undefined) return document;
      try {
        const { bytes } = await fetcher.fetch(document.url);
        count('refetched');
        return { ...withMetadata(document, { is_truncated: detectTruncation(bytes).truncated }), [BYTES]: bytes };
      } catch (error) {
        if (!(error instanceof PdfError)) throw error;
        count(`refetch_${error.code.toLowerCase()}`);
        return document;
      }
    },
  };
}

/** Drops files whose bytes were seen before in this shard; cut files are compared with cut ones only, as FinePDFs does. */
function dedupStep(): PdfStep {
  const seen = new Map<string, string>();
  return {
    name: 'pdf-dedup',
    version: '1',
    reset: () => seen.clear(),
    process(document) {
      const hash = createHash('sha256').update(document[BYTES]!).digest('hex');
      const key = `${document.metadata['is_truncated'] === true}:${hash}`;
      const first = seen.get(key);
      if (first !== undefined) return { drop: 'duplicate_bytes', value: first };
      seen.set(key, document.id);
      return document;
    },
  };
}

/** Routes and reads the pages; what cannot be read is dropped by the code of its error. */
function extractStep(options: ExtractPdfOptions): PdfStep {
  return {
    name: 'pdf-extract',
    version: '1',
    async process(document, { count }) {
      try {
        const result = await extractPdf(document[BYTES]!, { ...options, name: document.url ?? document.id });
        for (const { route } of result.pages) count(`pages_${route}`);
        return {
          ...withMetadata(document, aboutExtraction(result)),
          [BYTES]: undefined,
          [PAGES]: markdownPages(result),
        };
      } catch (error) {
        if (!(error instanceof PdfError) || error.code === 'INVALID_ARGUMENT') throw error;
        return { drop: error.code.toLowerCase(), message: error.message };
      }
    },
  };
}

function aboutExtraction({ pages, pageCount, repairs, metadata }: ExtractedPdf): Record<string, unknown> {
  const recognized = pages.filter(({ route }) => route === 'ocr').length;
  const unread = pages.filter(
    ({ route, reason }) => route === 'damaged' || reason.includes('recognition would help'),
  ).length;
  return {
    extractor: recognized > 0 ? 'tesseract' : 'pdfium',
    page_count: pageCount,
    pages_recognized: recognized,
    pages_unread: unread,
    ...(repairs.length > 0 && { repairs }),
    ...(metadata.title && { title: metadata.title }),
  };
}

function markdownPages({ markdown, pages }: ExtractedPdf): string[] {
  let start = 0;
  return pages.map(({ markdownEnd, garbled }) => {
    const text = markdown.slice(start, markdownEnd);
    start = markdownEnd;
    return garbled > 0.5 ? '' : text;
  });
}

function cleanStep(): PdfStep {
  return {
    name: 'pdf-clean',
    version: '1',
    process(document) {
      const { pages, indices } = cleanPages(document[PAGES]!);
      if (pages.length === 0) return { drop: 'empty_text' };
      return { ...withMetadata(document, { page_indices: indices }), [PAGES]: pages };
    },
  };
}

function languageStep(identify: IdentifyLanguage): PdfStep {
  return {
    name: 'pdf-language',
    version: '1',
    async process(document) {
      return withMetadata(document, { ...(await identifyPages(document[PAGES]!, identify)) });
    },
  };
}

/** FinePDFs' card promises it; its public script has no such step. */
function piiStep(redact: NonNullable<FinePdfsOptions['redactPii']>): PdfStep {
  return {
    name: 'pdf-pii',
    version: '1',
    process: (document) => ({ ...document, [PAGES]: document[PAGES]!.map((page) => redact(page).text) }),
  };
}

/** The row: `text`, `id`, `url`, and FinePDFs' other columns as metadata. */
function rowStep(dump: string | undefined, countTokens: FinePdfsOptions['countTokens']): PdfStep {
  return {
    name: 'pdf-row',
    version: '1',
    process({ [PAGES]: pages, [BYTES]: _bytes, ...document }) {
      const { text, pageEnds } = joinPages(pages!);
      const metadata = { ...document.metadata, page_ends: pageEnds, ...(dump && { dump }), ...(countTokens && { token_count: countTokens(text) }) }; // prettier-ignore
      return { ...document, text, metadata };
    },
  };
}

function withMetadata(document: PdfItem, metadata: Record<string, unknown>): PdfItem {
  return { ...document, metadata: { ...document.metadata, ...metadata } };
}

// Runs inside data workers: turns one input file into documents and says which of them are good text.
import { basename } from 'node:path';
import { jsonlReader, type Document, type Drop, type Reader, type Steps } from '@smol/pipeline';
import { qualityFilters } from '@smol/quality';
import type { FinePdfsStepsOptions } from './curation/finepdfs-steps.ts';
import { heedDamage, heedDamagedRecord, type DamagePolicy } from './damage-policy.ts';
import { filterAsStep } from './filter-as-step.ts';
import { extractStep, urlStep, webReader, type UrlSettings } from './web-steps.ts';

/** What the main thread sends along: plain data. */
export interface CurateOptions {
  kind: 'warc' | 'pdf' | 'jsonl';
  filter: boolean;
  preset: 'fineweb-2024' | 'fineweb-head';
  languages: string[];
  languageThreshold?: number;
  urls: UrlSettings;
  onDamage: DamagePolicy;
  /** Name of the crawl, kept in the metadata of pages. */
  dump?: string;
}

/** FinePDFs' way from PDFs to documents, in place of `CurateOptions`. */
export interface FinePdfsOptions extends FinePdfsStepsOptions {
  kind: 'finepdfs';
}

/** Makes the reader and the steps for one source. */
export async function createSteps(options: CurateOptions | FinePdfsOptions): Promise<Steps> {
  if (options.kind === 'finepdfs') {
    // Loaded on use: PDFium is megabytes that other sources do not need.
    const { finePdfsSteps } = await import('./curation/finepdfs-steps.ts');
    return finePdfsSteps(options);
  }
  const { kind, preset, languages, languageThreshold, filter, urls, dump } = options;
  const filters = filter ? await qualityFilters(preset, { languages, languageThreshold }) : [];
  const pages = kind === 'warc' ? [...(filter ? [urlStep(urls)] : []), extractStep(dump)] : [];
  return { read: readers[kind](options), steps: [...pages, ...filters.map(filterAsStep)] };
}

const readers: Record<CurateOptions['kind'], (options: CurateOptions) => Reader> = {
  warc: (options) => webReader((damage) => heedDamagedRecord(options.onDamage, damage)),
  pdf: readPaper,
  jsonl: readLines,
};

/** A PDF is one document. */
function readPaper(options: CurateOptions): Reader {
  return async function* read(input): AsyncGenerator<Document | Drop> {
    const { extractPdf, PdfError } = await import('@smol/pdf');
    try {
      const { text, pageCount, metadata } = await extractPdf(input);
      const { title } = metadata;
      yield text.trim() === ''
        ? { drop: 'empty_text' }
        : {
            id: basename(input),
            text,
            metadata: { file_path: basename(input), pages: pageCount, ...(title && { title }) },
          };
    } catch (error) {
      if (!(error instanceof PdfError)) throw error;
      yield heedDamage(options.onDamage, `pdf_${error.code.toLowerCase()}`, error.message, error);
    }
  };
}

/** Documents that others have made already. */
function readLines(options: CurateOptions): Reader {
  const readDocuments = jsonlReader();
  return async function* read(input, context): AsyncGenerator<Document | Drop> {
    for await (const item of readDocuments(input, context)) {
      yield 'drop' in item ? heedDamage(options.onDamage, item.drop, item.message ?? `${input} is damaged`) : item;
    }
  };
}

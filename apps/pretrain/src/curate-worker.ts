// Runs inside data workers: turns one input file into documents and says which of them are good text.
import { basename } from 'node:path';
import { jsonlReader, type Document, type Drop, type Reader, type Step, type Steps } from '@smol/pipeline';
import { qualityFilters, type QualityFilter } from '@smol/quality';
import { readWarc, UrlFilter, warcToDocument } from '@smol/web';
import { PretrainError } from './pretrain-error.ts';

/** What the main thread sends along: plain data. */
export interface CurateOptions {
  kind: 'warc' | 'pdf' | 'jsonl';
  filter: boolean;
  preset: 'fineweb-2024' | 'fineweb-head';
  languages: string[];
  bannedUrlWords: string[];
  bannedDomains: string[];
  onDamage: 'stop' | 'skip';
}

/** Makes the reader and the steps for one source. */
export async function createSteps(options: CurateOptions): Promise<Steps> {
  const filters = options.filter ? await qualityFilters(options.preset, { languages: options.languages }) : [];
  return { read: readers[options.kind](options), steps: filters.map(asStep) };
}

/** A filter as a pipeline step that also keeps what the filter found out (language, score). */
function asStep(filter: QualityFilter): Step {
  return {
    name: filter.name,
    process(document) {
      const result = filter.check(document);
      if (!result.keep) return { drop: result.reason, value: result.value, limit: result.limit };
      return {
        ...document,
        text: result.text ?? document.text,
        metadata: { ...document.metadata, ...result.metadata },
      };
    },
  };
}

const readers: Record<CurateOptions['kind'], (options: CurateOptions) => Reader> = {
  warc: readArchive,
  pdf: readPaper,
  jsonl: readLines,
};

/** Stops with what is damaged and where, or counts it and goes on. */
function onDamage({ onDamage: policy }: CurateOptions, reason: string, message: string, cause?: unknown): Drop {
  if (policy === 'skip') return { drop: reason, message };
  const advice = 'repair or remove it, or set curate.onDamage to skip in the recipe to go on without it';
  throw new PretrainError('INPUT_DAMAGED', `${message}; ${advice}`, { cause });
}

/** Web pages: the address is judged before the page is parsed, as in FineWeb. */
function readArchive(options: CurateOptions): Reader {
  const urls = new UrlFilter({ bannedWords: options.bannedUrlWords, domains: options.bannedDomains });
  return async function* read(input, { reportBytes }): AsyncGenerator<Document | Drop> {
    const damaged: Drop[] = [];
    const records = readWarc(input, {
      onDamage: ({ source, offset, reason }) => {
        damaged.push(
          onDamage(options, 'damaged_record', `the record at byte ${offset} of ${source} is damaged (${reason})`),
        );
      },
    });
    for await (const record of records) {
      yield* damaged.splice(0);
      reportBytes(record.offset);
      const verdict = options.filter ? urls.check(record.url ?? '') : { keep: true as const };
      if (!verdict.keep) {
        yield { drop: `url_${verdict.reason}`, value: verdict.value };
        continue;
      }
      const result = warcToDocument(record);
      if ('keep' in result) yield { drop: result.reason, value: result.value };
      else yield { ...result, metadata: { ...result.metadata, file_path: basename(input) } };
    }
    yield* damaged;
  };
}

/** A PDF is one document. */
function readPaper(options: CurateOptions): Reader {
  return async function* read(input): AsyncGenerator<Document | Drop> {
    // Loaded on use: PDFium is megabytes that other sources do not need.
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
      yield onDamage(options, `pdf_${error.code.toLowerCase()}`, error.message, error);
    }
  };
}

/** Documents that others have made already. */
function readLines(options: CurateOptions): Reader {
  const readDocuments = jsonlReader();
  return async function* read(input, context): AsyncGenerator<Document | Drop> {
    for await (const item of readDocuments(input, context)) {
      yield 'drop' in item ? onDamage(options, item.drop, item.message ?? `${input} is damaged`) : item;
    }
  };
}

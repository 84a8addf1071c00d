import type { ExtractedPdf, ExtractPdfOptions } from './extract-pdf.ts';
import { PdfError } from './pdf-error.ts';
import { PdfPool } from './pdf-pool.ts';
import type { PdfPoolOptions } from './pdf-pool.ts';
import type { PdfInput } from './read-input.ts';

/** What became of one of many PDFs. */
export type PdfOutcome<Input extends PdfInput = PdfInput> =
  | { input: Input; result: ExtractedPdf; error?: undefined }
  | { input: Input; error: PdfError; result?: undefined };

/** Documents in work or done but not yet asked for, for each thread: bounds the memory. */
const AHEAD = 2;

/**
 * Extracts many PDFs on threads; outcomes come in the order of the inputs, whatever the number of threads. A PDF that fails does not
 * stop the others.
 */
export async function* extractPdfs<Input extends PdfInput>(
  inputs: Iterable<Input> | AsyncIterable<Input>,
  options: ExtractPdfOptions & PdfPoolOptions = {},
): AsyncGenerator<PdfOutcome<Input>> {
  const { workers, hangSeconds, heapMegabytes, ...extractOptions } = options;
  const pool = new PdfPool({ workers, hangSeconds, heapMegabytes });
  const pending: Promise<PdfOutcome<Input>>[] = [];
  try {
    for await (const input of inputs) {
      const outcome = attempt(pool, input, extractOptions);
      outcome.catch(() => {}); // thrown where it is awaited
      pending.push(outcome);
      if (pending.length >= pool.size * AHEAD) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
    await pool.close();
  }
}

async function attempt<Input extends PdfInput>(
  pool: PdfPool,
  input: Input,
  options: ExtractPdfOptions,
): Promise<PdfOutcome<Input>> {
  try {
    return { input, result: await pool.extract(input, options) };
  } catch (error) {
    if (error instanceof PdfError) return { input, error };
    throw error;
  }
}

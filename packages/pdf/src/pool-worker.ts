// A thread of a PdfPool: extracts one document after another.
import { parentPort } from 'node:worker_threads';
import { extractPdf } from './extract-pdf.ts';
import type { ExtractedPdf, ExtractPdfOptions } from './extract-pdf.ts';
import { PdfError } from './pdf-error.ts';
import type { PdfErrorCode } from './pdf-error.ts';

/** What a thread is asked. */
export interface PoolTask {
  input: string | Uint8Array;
  options: ExtractPdfOptions;
}

/** What it answers; errors that are no `PdfError` have no code. */
export type PoolAnswer = { result: ExtractedPdf } | { code: PdfErrorCode | undefined; message: string };

parentPort!.on('message', async ({ input, options }: PoolTask) => {
  parentPort!.postMessage(await answer(input, options));
});

async function answer(input: string | Uint8Array, options: ExtractPdfOptions): Promise<PoolAnswer> {
  try {
    return { result: await extractPdf(input, options) };
  } catch (error) {
    const { message, stack } = error as Error;
    return error instanceof PdfError ? { code: error.code, message } : { code: undefined, message: stack ?? message };
  }
}

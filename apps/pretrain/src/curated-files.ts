import { join } from 'node:path';
import { readJsonl } from '@smol/pipeline';

/** A curated document as later steps read it. */
export interface CuratedDocument {
  id: string;
  text: string;
  metadata: Record<string, unknown>;
}

/** Where the curated documents of a source are: one file, in a fixed order. */
export const curatedPath = (runFolder: string, source: string): string =>
  join(runFolder, 'documents', `${source}.jsonl.gz`);

/** The curated documents of a source, one at a time. */
export async function* readCurated(runFolder: string, source: string): AsyncGenerator<CuratedDocument> {
  for await (const document of readJsonl(curatedPath(runFolder, source))) yield document as CuratedDocument;
}

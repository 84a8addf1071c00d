import { DedupError } from './dedup-error.ts';
import type { TextDocument } from './exact-deduplicator.ts';
import { readLines } from './read-lines.ts';

/** A file to read, perhaps under another name than its path's. */
export type InputFile = string | { path: string; name: string };

/** What the file is called in ids, messages and reports. */
export const nameOf = (input: InputFile) => (typeof input === 'string' ? input : input.name);

/** A document of a JSON Lines file. */
export interface FileDocument extends TextDocument {
  /** the record as it stands in the file */
  line: string;
}

function parse(line: string, place: string): FileDocument {
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch (cause) {
    throw new DedupError('INVALID_RECORD', `${place}: not JSON: ${JSON.stringify(line.slice(0, 60))}`, { cause });
  }
  const { id = place, text } = (record ?? {}) as { id?: unknown; text?: unknown };
  if (typeof text === 'string') return { id: String(id), text, line };
  throw new DedupError('INVALID_RECORD', `${place}: expected an object with a string "text", got ${line.slice(0, 60)}`);
}

/**
 * The documents of JSON Lines files, one after the other; empty lines are passed over. A record without `id` is named
 * after its place, `FILE:LINE`.
 *
 * @throws DedupError `INVALID_RECORD` naming file and line, and what {@link readLines} throws
 */
export async function* readDocuments(inputs: readonly InputFile[]): AsyncGenerator<FileDocument> {
  for (const input of inputs) {
    const path = typeof input === 'string' ? input : input.path;
    let number = 0;
    for await (const line of readLines(path)) {
      number++;
      if (line.trim() !== '') yield parse(line, `${nameOf(input)}:${number}`);
    }
  }
}

import type { Document, Drop, ReadContext, Reader, Split } from './document.ts';
import { limitDocuments } from './limit-documents.ts';
import type { LimitOptions } from './limit-documents.ts';
import type { Storage } from './storage.ts';

/** Options of every kind of file that is split. */
interface FileOptions extends LimitOptions {
  storage?: Storage;
}

/** How a kind of file is read, and how it is cut. */
export interface FileKind<Options> {
  readItems(input: string, options: Options, context: ReadContext): AsyncIterable<Document | Drop>;
  /** Parts of about `bytes` bytes. */
  splits(input: string, bytes: number, options: FileOptions): Promise<Split[]>;
}

/** The reader of a kind of file. Only some documents of an input are counted from its start, so that it is then not split. */
export function splittableReader<Options extends FileOptions>(
  { readItems, splits }: FileKind<Options>,
  options: Options,
): Reader {
  const read = limitDocuments((input, context) => readItems(input, options, context), options);
  if (options.skip !== undefined || options.limit !== undefined) return read;
  return Object.assign(read, {
    splits: (input: string, { bytes }: { bytes: number }) => splits(input, bytes, options),
  });
}

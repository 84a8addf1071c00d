import type { Document, Drop, ReadContext, Reader, Split } from './document.ts';
import { listFiles } from './file-list.ts';
import type { FileListOptions } from './file-list.ts';
import { limitDocuments } from './limit-documents.ts';
import type { LimitOptions } from './limit-documents.ts';
import { openFile } from './storage.ts';
import type { Storage, StoredObject } from './storage.ts';

/** How files that are a document each are read. */
export interface FolderOptions extends FileListOptions, LimitOptions {
  /** Larger files are dropped as `file_too_large`. */
  maximumFileBytes?: number;
  /** Added to each document's metadata. */
  metadata?: Readonly<Record<string, unknown>>;
}

/** A file of a folder. */
export interface FolderFile {
  readonly address: string;
  /** The address from the folder on: the document's id. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The reader of folders whose files are a document each; splits are runs of files, in the order of their addresses. */
export function folderReader(
  read: (file: FolderFile) => Promise<Document | Drop>,
  options: FolderOptions & { maximumFileBytes: number },
): Reader {
  const reader = limitDocuments((input, context) => readItems(input, read, options, context), options);
  if (options.skip !== undefined || options.limit !== undefined) return reader;
  const splits = async (input: string, { bytes }: { bytes: number }) =>
    splitFiles(await listFiles(input, options), bytes);
  return Object.assign(reader, { splits });
}

function splitFiles(files: readonly StoredObject[], bytes: number): Split[] {
  const parts: { start: number; end: number; bytes: number }[] = [{ start: 0, end: 0, bytes: 0 }];
  for (const [index, { size }] of files.entries()) {
    const last = parts[parts.length - 1];
    if (last.end > last.start && last.bytes + size > bytes) parts.push({ start: index, end: index + 1, bytes: size });
    else [last.end, last.bytes] = [index + 1, last.bytes + size];
  }
  return parts;
}

async function* readItems(
  input: string,
  read: (file: FolderFile) => Promise<Document | Drop>,
  options: FolderOptions & { maximumFileBytes: number },
  context: ReadContext,
): AsyncGenerator<Document | Drop> {
  const files = await listFiles(input, options);
  const { start, end } = context.split ?? { start: 0, end: files.length };
  let readBytes = 0;
  for (let index = (context.from as number | undefined) ?? start; index < end; index++) {
    const { address, size } = files[index];
    context.reached(index);
    const limit = options.maximumFileBytes;
    if (size > limit) {
      yield { drop: 'file_too_large', value: size, limit, message: `${address} has ${size} bytes` };
    } else {
      const name = address === input ? (address.split('/').at(-1) ?? address) : nameBelow(input, address);
      const item = await read({ address, name, bytes: await wholeFile(address, options.storage) });
      yield 'drop' in item ? item : { ...item, metadata: { ...item.metadata, ...options.metadata } };
    }
    context.reportBytes((readBytes += size));
  }
}

function nameBelow(folder: string, address: string): string {
  return address.slice(folder.endsWith('/') ? folder.length : folder.length + 1);
}

async function wholeFile(address: string, storage: Storage | undefined): Promise<Uint8Array> {
  const file = await openFile(address, storage);
  try {
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

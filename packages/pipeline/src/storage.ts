import { localFiles } from './local-storage.ts';

/** A file of a store, open for reading at any place. */
export interface StoredFile {
  readonly address: string;
  readonly size: number;
  /** How many bytes are best read at a time. */
  readonly chunkBytes: number;
  /** The bytes from `offset` on: `length` of them, fewer at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What is known of a file without opening it. */
export interface StoredObject {
  readonly address: string;
  readonly size: number;
  /** Changes when the content does: time of change, or the store's tag. */
  readonly version: string;
}

/** Where files are: folders of this machine, or an object store. Addresses are whole: paths, or `s3://BUCKET/KEY`. */
export interface Storage {
  /** Every file below a folder (or whose key begins with the prefix), by address, in the order of UTF-16 units. */
  list(folder: string): Promise<StoredObject[]>;
  /** `undefined` where there is no such file. */
  describe(address: string): Promise<StoredObject | undefined>;
  /** @throws PipelineError FILE_NOT_FOUND, READ_FAILED */
  open(address: string): Promise<StoredFile>;
  /** Writes a whole file, which appears when all of it is there. @throws PipelineError WRITE_FAILED */
  write(address: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  exists(address: string): Promise<boolean>;
  /** Does nothing where there is no such file. */
  remove(address: string): Promise<void>;
}

/** Whether an address names something outside of this machine's folders. */
export function isRemote(address: string): boolean {
  return address.startsWith('s3://');
}

let environmentStore: Promise<Storage> | undefined;

/**
 * The storage an address belongs to. For `s3://` it is an object store with the endpoint and keys of the environment
 * (`AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`), loaded on use.
 *
 * @throws PipelineError INVALID_ARGUMENT where the environment lacks them
 */
export async function storageOf(address: string): Promise<Storage> {
  if (!isRemote(address)) return localFiles;
  environmentStore ??= import('./s3-storage.ts').then(({ s3Storage }) => s3Storage());
  return environmentStore;
}

/** Size and version of a file, wherever it is; `undefined` where there is none. */
export async function describeInput(address: string, storage?: Storage): Promise<StoredObject | undefined> {
  return (storage ?? (await storageOf(address))).describe(address);
}

/** Opens a file, wherever it is. @throws PipelineError FILE_NOT_FOUND, READ_FAILED */
export async function openFile(address: string, storage?: Storage): Promise<StoredFile> {
  return (storage ?? (await storageOf(address))).open(address);
}

/** Copies a local file to an address, where it appears when it is whole. @throws PipelineError READ_FAILED, WRITE_FAILED */
export async function uploadFile(path: string, address: string, storage?: Storage): Promise<void> {
  const file = await localFiles.open(path);
  try {
    await (storage ?? (await storageOf(address))).write(address, chunksOf(file));
  } finally {
    await file.close();
  }
}

/** The bytes of a file from `offset` on, in chunks. */
export async function* chunksOf(file: StoredFile, offset = 0): AsyncGenerator<Uint8Array> {
  for (let at = offset; at < file.size;) {
    const chunk = await file.read(at, file.chunkBytes);
    if (chunk.length === 0) return;
    yield chunk;
    at += chunk.length;
  }
}

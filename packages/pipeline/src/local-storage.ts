import { open, readdir, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { AtomicFile } from './atomic-file.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import type { Storage, StoredFile, StoredObject } from './storage.ts';

const CHUNK_BYTES = 256 * 1024;
const NOWHERE = new Set(['ENOENT', 'ENOTDIR']);

/** The folders of this machine. */
export const localFiles: Storage = {
  list: listFolder,
  describe: describeFile,
  open: openLocalFile,
  write: writeFile,
  exists: async (path) => (await describeFile(path)) !== undefined,
  remove: (path) => rm(path, { force: true }),
};

/** What file handles do, said in this package's errors. */
class LocalFile implements StoredFile {
  readonly address: string;
  readonly size: number;
  readonly chunkBytes = CHUNK_BYTES;
  readonly #handle: FileHandle;

  constructor(address: string, size: number, handle: FileHandle) {
    this.address = address;
    this.size = size;
    this.#handle = handle;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafe(length);
    let filled = 0;
    try {
      while (filled < length) {
        const { bytesRead } = await this.#handle.read(bytes, filled, length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
    } catch (cause) {
      throw readError(this.address, cause);
    }
    return bytes.subarray(0, filled);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function openLocalFile(path: string): Promise<StoredFile> {
  try {
    const handle = await open(path, 'r');
    return new LocalFile(path, (await handle.stat()).size, handle);
  } catch (cause) {
    throw readError(path, cause);
  }
}

async function describeFile(path: string): Promise<StoredObject | undefined> {
  try {
    const status = await stat(path);
    return { address: path, size: status.size, version: String(status.mtimeMs) };
  } catch (cause) {
    if (NOWHERE.has((cause as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw readError(path, cause);
  }
}

async function listFolder(folder: string): Promise<StoredObject[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
    const found = await Promise.all(files.map(describeFile));
    return found.filter((file) => file !== undefined).sort((a, b) => (a.address < b.address ? -1 : 1));
  } catch (cause) {
    throw readError(folder, cause);
  }
}

async function writeFile(path: string, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  const file = new AtomicFile(path);
  try {
    for await (const chunk of chunks) file.write(chunk);
    file.close();
  } catch (error) {
    file.abort();
    throw error;
  }
}

function readError(path: string, cause: unknown): PipelineError {
  if (cause instanceof PipelineError) return cause;
  const missing = NOWHERE.has((cause as NodeJS.ErrnoException).code ?? '');
  const message = missing ? `there is no file ${path}` : `cannot read ${path}: ${messageOf(cause)}`;
  return new PipelineError(missing ? 'FILE_NOT_FOUND' : 'READ_FAILED', message, { cause });
}

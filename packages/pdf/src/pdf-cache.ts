import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PdfError } from './pdf-error.ts';

/** Files by the SHA-256 of their address, in 256 folders. */
export class PdfCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The file kept for an address, if there is one. */
  async read(url: string): Promise<Uint8Array | undefined> {
    const path = this.#path(url);
    try {
      return await readFile(path);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new PdfError('UNREADABLE_FILE', `${path}: cannot be read (${(cause as Error).message})`, { cause });
    }
  }

  /** Keeps a file; it appears when it is whole. */
  async write(url: string, bytes: Uint8Array): Promise<void> {
    const path = this.#path(url);
    const partial = `${path}.${process.pid}.partial`;
    try {
      await mkdir(join(path, '..'), { recursive: true });
      const file = await open(partial, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, path);
    } catch (cause) {
      await rm(partial, { force: true });
      throw new PdfError('UNWRITABLE_FILE', `${path}: cannot be written (${(cause as Error).message})`, { cause });
    }
  }

  #path(url: string): string {
    const hash = createHash('sha256').update(url).digest('hex');
    return join(this.#folder, hash.slice(0, 2), `${hash}.pdf`);
  }
}

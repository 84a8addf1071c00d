import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { PdfError } from './pdf-error.ts';

/** A file that appears under its name only when {@link AtomicFile.close} has completed it. */
export class AtomicFile {
  readonly #path: string;
  readonly #temporary: string;
  #file: number | undefined;

  /** @throws PdfError UNWRITABLE_FILE */
  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.partial`;
    this.#file = this.#attempt(() => openSync(this.#temporary, 'w'));
  }

  write(content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    this.#attempt(() => {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file!, bytes, at);
    });
  }

  /** Completes the file: synced, closed, renamed. */
  close(): void {
    this.#attempt(() => {
      fsyncSync(this.#file!);
      closeSync(this.#file!);
      renameSync(this.#temporary, this.#path);
    });
    this.#file = undefined;
  }

  /** Gives up, if the file is not complete; nothing appears. */
  discard(): void {
    if (this.#file === undefined) return;
    closeSync(this.#file);
    this.#file = undefined;
    rmSync(this.#temporary, { force: true });
  }

  #attempt<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw new PdfError('UNWRITABLE_FILE', `${this.#path}: cannot be written (${(cause as Error).message})`, {
        cause,
      });
    }
  }
}

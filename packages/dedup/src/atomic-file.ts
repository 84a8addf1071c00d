import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DedupError } from './dedup-error.ts';

/** Lines are handed to the stream (and its compressor, in another thread) this many characters at a time. */
const CHUNK_CHARACTERS = 1 << 18;

const unfinished = new Set<string>();

/** Deletes what is half written; for a program that is told to stop. */
export function removeUnfinishedFiles(): void {
  for (const path of unfinished) rmSync(path, { force: true });
  unfinished.clear();
}

/** Where text goes, bit by bit. */
export interface TextSink {
  write(text: string): Promise<void>;
  /** everything is written */
  close(): Promise<void>;
  /** something failed: leave nothing behind */
  discard(): Promise<void>;
}

/** A text file (gzipped if it is called `.gz`) that appears under its name only when {@link AtomicFile.close} has completed it. */
export class AtomicFile implements TextSink {
  readonly #path: string;
  readonly #temporary: string;
  readonly #stream: Writable;
  readonly #written: Promise<void>;
  #buffered: string[] = [];
  #bufferedLength = 0;
  #drained: Promise<unknown> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
    this.#temporary = `${path}.${process.pid}.partial`;
    unfinished.add(this.#temporary);
    const file = createWriteStream(this.#temporary);
    const gzip = path.endsWith('.gz') ? createGzip() : null;
    this.#stream = gzip ?? file;
    this.#written = (gzip ? pipeline(gzip, file) : finished(file)).catch((cause: Error) => this.#fail(cause));
    this.#written.catch(() => {}); // reported by close()
  }

  /** Adds text, waiting while the disk is behind. */
  async write(text: string): Promise<void> {
    this.#buffered.push(text);
    this.#bufferedLength += text.length;
    if (this.#bufferedLength >= CHUNK_CHARACTERS) await this.#flush();
  }

  async #flush(): Promise<void> {
    const chunk = this.#buffered.join('');
    this.#buffered = [];
    this.#bufferedLength = 0;
    await this.#drained; // of the chunk before, so that compression and the caller work side by side
    if (this.#stream.write(chunk)) return;
    this.#drained = Promise.race([once(this.#stream, 'drain'), this.#written]).catch(() => this.#written);
    this.#drained.catch(() => {}); // reported when awaited
  }

  /** Completes the file: written, synced, renamed. */
  async close(): Promise<void> {
    await this.#flush();
    this.#stream.end();
    await this.#written;
    await this.#publish().catch((cause: Error) => this.#fail(cause));
    unfinished.delete(this.#temporary);
  }

  async #publish(): Promise<void> {
    const handle = await open(this.#temporary, 'r+');
    await handle.sync();
    await handle.close();
    await rename(this.#temporary, this.#path);
  }

  #fail(cause: Error): never {
    throw new DedupError('UNWRITABLE_FILE', `${this.#path}: cannot be written (${cause.message})`, { cause });
  }

  /** Gives up; nothing appears. */
  async discard(): Promise<void> {
    this.#stream.destroy();
    rmSync(this.#temporary, { force: true });
    unfinished.delete(this.#temporary);
  }
}

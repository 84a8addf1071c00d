import { gzipSync } from 'node:zlib';
import { AtomicFile } from './atomic-file.ts';

/** Text collected before it is written, in UTF-16 units. */
const BLOCK_CHARACTERS = 1 << 20;
/** Position of the gzip header's operating system byte, and its value for "unknown" (RFC 1952). */
const GZIP_SYSTEM = 9;
const UNKNOWN_SYSTEM = 255;

/** How JSON Lines are written. */
export interface JsonlWriterOptions {
  /** gzip's effort, 1 to 9. Default 6. */
  compressionLevel?: number;
}

/**
 * Writes JSON Lines to a file, compressed when its name ends in `.gz`. The file appears when `close` succeeds.
 * A compressed file is a chain of gzip members of about 1 MiB of text each, cut between lines: it is an ordinary `.gz`
 * file, and damage to one member costs only that member. No time stamp goes in, so the same records give the same bytes.
 */
export class JsonlWriter {
  /** Records written so far. */
  records = 0;
  readonly #file: AtomicFile;
  readonly #compressed: boolean;
  readonly #level: number;
  #lines: string[] = [];
  #characters = 0;

  /** @throws PipelineError WRITE_FAILED */
  constructor(path: string, { compressionLevel = 6 }: JsonlWriterOptions = {}) {
    this.#file = new AtomicFile(path);
    this.#compressed = path.endsWith('.gz');
    this.#level = compressionLevel;
  }

  get path(): string {
    return this.#file.path;
  }

  /** Bytes in the file so far. */
  get size(): number {
    return this.#file.size;
  }

  /** @throws PipelineError WRITE_FAILED */
  write(record: object): void {
    const line = JSON.stringify(record);
    this.#lines.push(line, '\n');
    this.#characters += line.length + 1;
    this.records += 1;
    if (this.#characters >= BLOCK_CHARACTERS) this.#flush();
  }

  /** Writes what is left, flushes it to the disk and gives the file its name. */
  close(): void {
    if (this.#characters > 0 || (this.#compressed && this.size === 0)) this.#flush();
    this.#file.close();
  }

  /** Leaves nothing behind; after `close` it does nothing. */
  abort(): void {
    this.#file.abort();
  }

  #flush(): void {
    const text = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.#characters = 0;
    this.#file.write(this.#compressed ? gzipMember(text, this.#level) : text);
  }
}

/** Writes all records to a file, and says how many they were; nothing is left when it fails. */
export async function writeJsonl(
  path: string,
  records: Iterable<object> | AsyncIterable<object>,
  options?: JsonlWriterOptions,
): Promise<number> {
  const writer = new JsonlWriter(path, options);
  try {
    for await (const record of records) writer.write(record);
    writer.close();
  } catch (error) {
    writer.abort();
    throw error;
  }
  return writer.records;
}

/** One gzip member that says nothing of when and where it was made. */
export function gzipMember(bytes: Uint8Array, level: number): Buffer {
  const member = gzipSync(bytes, { level });
  member[GZIP_SYSTEM] = UNKNOWN_SYSTEM;
  return member;
}

import { describeReadError, openBytes } from './open-bytes.ts';

/** Longest line by default, in bytes. */
export const LONGEST_LINE_BYTES = 64 * 1024 * 1024;

const LINE_FEED = 0x0a;

/** A line as it stands in the file, without its line feed; `null` if it is longer than is taken. */
export interface ByteLine {
  /** from 1, in the part that is read */
  number: number;
  bytes: Buffer | null;
}

/** A part of a file that is not compressed: the lines that begin in [start, end). */
export interface ByteRange {
  start: number;
  end: number;
}

/** Which lines to read. */
export interface LineOptions {
  /** default 64 MiB */
  longestLine?: number;
  /** default: the whole file */
  range?: ByteRange | null;
  /** is read in place of the file, not compressed */
  content?: AsyncIterable<Buffer>;
  /** told how many bytes of the file were read since the last time */
  onBytes?: (bytes: number) => void;
  /** told at the end how many lines there were, empty ones and all */
  onLines?: (lines: number) => void;
}

/** Puts a line together from chunks, holding no more than `limit` bytes of it. */
class LineAssembler {
  readonly #limit: number;
  #parts: Buffer[] = [];
  #length = 0;
  #number = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get lines(): number {
    return this.#number;
  }

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  push(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > this.#limit) this.#parts = [];
    else this.#parts.push(part);
  }

  take(): ByteLine {
    const tooLong = this.#length > this.#limit;
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    [this.#parts, this.#length] = [[], 0];
    return { number: ++this.#number, bytes: tooLong ? null : bytes };
  }
}

/** Finds the lines of chunks that follow each other in a file, from one position on to another. */
class LineSplitter {
  readonly #assembler: LineAssembler;
  readonly #end: number;
  /** the rest of a line that begins before the part */
  #skipping: boolean;
  #position: number;
  done = false;

  /** how many lines there were so far */
  get lines(): number {
    return this.#assembler.lines;
  }

  constructor({ start, end }: ByteRange, longestLine: number) {
    this.#assembler = new LineAssembler(longestLine);
    this.#skipping = start > 0;
    this.#position = Math.max(0, start - 1);
    this.#end = end;
  }

  /** The lines that end in the next chunk. */
  *split(chunk: Buffer): Generator<ByteLine> {
    let start = 0;
    for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, start)) {
      if (this.#skipping) this.#skipping = false;
      else {
        this.#assembler.push(chunk.subarray(start, feed));
        yield this.#assembler.take();
      }
      start = feed + 1;
      if (this.#position + start < this.#end) continue;
      this.done = true;
      return;
    }
    // Chunks are written over, so that what is needed beside the next is copied.
    if (!this.#skipping && start < chunk.length) this.#assembler.push(Buffer.from(chunk.subarray(start)));
    this.#position += chunk.length;
    if (this.#skipping && this.#position >= this.#end) this.done = true;
  }

  /** The last line, where no line feed ends it. */
  *finish(): Generator<ByteLine> {
    if (!this.done && !this.#skipping && !this.#assembler.isEmpty) yield this.#assembler.take();
  }
}

/**
 * The lines of a file, plain, gzipped (`.gz`) or `.zst`, as bytes, in groups that were read together. A line over
 * `longestLine` bytes is passed over in bounded memory. A group must be gone through before the next is asked for.
 *
 * @throws DedupError `FILE_NOT_FOUND`, `UNREADABLE_FILE` (also for damaged or truncated compression)
 */
export async function* readByteLines(
  path: string,
  { longestLine = LONGEST_LINE_BYTES, range, content, onBytes, onLines }: LineOptions = {},
): AsyncGenerator<Iterable<ByteLine>> {
  const { start, end } = range ?? { start: 0, end: Infinity };
  if (start >= end) return;
  const splitter = new LineSplitter({ start, end }, longestLine);
  try {
    for await (const chunk of content ?? openBytes(path, Math.max(0, start - 1), onBytes)) {
      yield splitter.split(chunk);
      if (splitter.done) break;
    }
    yield splitter.finish();
  } catch (error) {
    throw describeReadError(path, error);
  }
  onLines?.(splitter.lines);
}

import type { TextChunk } from './text-chunk.ts';

const NEWLINE = 0x0a;

/** A place in the text of a file: where its compressed block begins in the file, and the byte within the block's text. */
export interface Place {
  /** 0 in files that are not compressed. */
  readonly block: number;
  readonly offset: number;
}

/** A line without its newline, or `null` where it was longer than allowed. */
export interface Line {
  /** Counted from the number that the splitter began with. */
  readonly number: number;
  /** Where it begins. */
  readonly place: Place;
  readonly bytes: Uint8Array | null;
}

/** Cuts a stream of bytes into lines, holding no more than one line. */
export class LineSplitter {
  readonly #maximumBytes: number;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #place: Place | undefined;
  #number: number;

  /** @param firstNumber of the first line */
  constructor(maximumBytes: number, firstNumber = 1) {
    this.#maximumBytes = maximumBytes;
    this.#number = firstNumber;
  }

  /** Number of the line that comes next, or has begun. */
  get number(): number {
    return this.#number;
  }

  /** Where the line begins that has not ended yet; `undefined` between lines. */
  get begun(): Place | undefined {
    return this.#place;
  }

  /** The lines that end in a chunk. */
  push({ bytes, block, offset }: TextChunk): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      this.#keep(bytes.subarray(start, end), block, offset + start);
      lines.push(this.#take());
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start), block, offset + start);
    return lines;
  }

  /** The last line, where the stream does not end in a newline. */
  finish(): Line[] {
    return this.#partBytes > 0 ? [this.#take()] : [];
  }

  /** Forgets the line that has begun: what follows is not its end. */
  reset(): void {
    this.#parts = [];
    this.#partBytes = 0;
    this.#place = undefined;
  }

  #keep(part: Uint8Array, block: number, offset: number): void {
    this.#place ??= { block, offset };
    this.#partBytes += part.length;
    if (this.#partBytes > this.#maximumBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #take(): Line {
    const tooLong = this.#partBytes > this.#maximumBytes;
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    const place = this.#place ?? { block: 0, offset: 0 };
    this.reset();
    return { number: this.#number++, place, bytes: tooLong ? null : bytes };
  }
}

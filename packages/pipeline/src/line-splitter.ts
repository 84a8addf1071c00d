const NEWLINE = 0x0a;

/** A line without its newline, or `null` where it was longer than allowed. */
export interface Line {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Uint8Array | null;
}

/** Cuts a stream of bytes into lines, holding no more than one line. */
export class LineSplitter {
  readonly #maximumBytes: number;
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #number = 0;

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes;
  }

  /** The lines that end in `chunk`. */
  push(chunk: Uint8Array): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
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
  }

  #keep(part: Uint8Array): void {
    this.#partBytes += part.length;
    if (this.#partBytes > this.#maximumBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #take(): Line {
    const tooLong = this.#partBytes > this.#maximumBytes;
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.reset();
    this.#number += 1;
    return { number: this.#number, bytes: tooLong ? null : bytes };
  }
}

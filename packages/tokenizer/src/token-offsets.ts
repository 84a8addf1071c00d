import { grown } from './growing-array.ts';

/** Where tokens stand in a text, in UTF-16 units: token i is `text.slice(starts[i], ends[i])`. */
export interface TokenOffsets {
  starts: Uint32Array;
  ends: Uint32Array;
}

/** UTF-8 bytes of the character at `index` of a text; a surrogate without its partner is written as U+FFFD. */
function byteWidth(text: string, index: number): number {
  const code = text.codePointAt(index) as number;
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code < 0x10000 ? 3 : 4;
}

/** Collects the places of tokens. A token with a part of a character gets the place of the whole character. */
export class OffsetCollector {
  #starts = new Uint32Array(256);
  #ends = new Uint32Array(256);
  #count = 0;

  /** One token from `start` to `end`. */
  push(start: number, end: number): void {
    this.#starts = grown(this.#starts, this.#count + 1);
    this.#ends = grown(this.#ends, this.#count + 1);
    this.#starts[this.#count] = start;
    this.#ends[this.#count++] = end;
  }

  /** The tokens of `text`, which begins at `base` of the whole; `byteLengths` are theirs, in order. */
  pushAll(text: string, base: number, byteLengths: Iterable<number>): void {
    let index = 0;
    /** Bytes of the character at `index` that tokens have taken already. */
    let taken = 0;
    for (const length of byteLengths) {
      const start = index;
      taken += length;
      while (index < text.length && taken >= byteWidth(text, index)) {
        const width = byteWidth(text, index);
        taken -= width;
        index += width === 4 ? 2 : 1;
      }
      const isInside = taken > 0;
      this.push(base + start, base + index + (isInside ? (byteWidth(text, index) === 4 ? 2 : 1) : 0));
    }
  }

  finish(): TokenOffsets {
    return { starts: this.#starts.slice(0, this.#count), ends: this.#ends.slice(0, this.#count) };
  }
}

import { grown } from './growing-array.ts';
import type { PaddedBytes } from './padded-bytes.ts';

/** Where the pieces of a text end, in order; each begins where the one before it ends. */
export class PieceEnds {
  items = new Int32Array(1 << 10);
  size = 0;

  push(end: number): void {
    if (this.size === this.items.length) this.items = grown(this.items, this.size + 1);
    this.items[this.size++] = end;
  }
}

/** Adds the ends of the pieces of `text` from `start` to `end`; the pieces cover it. Sees nothing beyond it. */
export type Splitter = (text: PaddedBytes, start: number, end: number, pieces: PieceEnds) => void;

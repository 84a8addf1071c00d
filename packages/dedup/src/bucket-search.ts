import { DISTINCT, REPEATS, joinSymbols, markWindows, rangesOf } from './mark-windows.ts';
import type { KeptCopy } from './mark-windows.ts';
import type { Piece } from './symbol-files.ts';
import type { Symbols } from './window-filter.ts';

/** What repeats are, and how much may be sorted at once. */
export interface SearchOptions {
  minimum: number;
  keep: KeptCopy;
  /** most symbols that are sorted together; at least eight times the minimum */
  capacity: number;
  read: (piece: Piece) => Symbols;
}

/** Share of the capacity that windows may take which are compared with all later ones. */
const MOST_CARRIED = 3 / 4;

/**
 * Finds the repeated windows of pieces that come one after the other. As many as there is room for are sorted together; of
 * these, one copy of each window is carried on to the next ones, so that the work is linear in what comes, however often
 * something is repeated.
 */
export class BucketSearch {
  readonly #options: SearchOptions;
  readonly #found: Piece[] = [];
  #pieces: Piece[] = [];
  #symbols = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
  }

  /** Takes the next piece; gives whether there was room for what it has to be compared with. */
  take(piece: Piece): boolean {
    for (const part of this.#split(piece)) {
      if (this.#symbols + part.end - part.start > this.#options.capacity) {
        this.#sort();
        if (this.#symbols > MOST_CARRIED * this.#options.capacity) return false;
      }
      this.#push(part);
    }
    return true;
  }

  #push(piece: Piece): void {
    this.#pieces.push(piece);
    this.#symbols += piece.end - piece.start;
  }

  /** A long piece as several, which overlap so that every window lies in one of them, and begins in one only. */
  *#split({ sequence, start, end }: Piece): Generator<Piece> {
    const { minimum, capacity } = this.#options;
    const step = Math.floor((1 - MOST_CARRIED) * capacity) - minimum + 1;
    for (let first = start; first + minimum <= end; first += step) {
      yield { sequence, start: first, end: Math.min(end, first + step + minimum - 1) };
    }
  }

  /** Finds the repeats among the pieces that are there, and leaves one copy of each window. */
  #sort(): void {
    const { minimum, keep, read } = this.#options;
    const pieces = this.#pieces;
    const joined = joinSymbols(pieces.map(read));
    const marks = markWindows(joined, minimum);
    this.#pieces = [];
    this.#symbols = 0;
    for (const [index, { sequence, start: before }] of pieces.entries()) {
      const own = marks.subarray(joined.starts[index], joined.starts[index + 1]);
      const place = ({ start, end }: { start: number; end: number }): Piece => ({
        sequence,
        start: before + start,
        end: before + end,
      });
      for (const range of rangesOf(own, minimum, REPEATS[keep])) this.#found.push(place(range));
      for (const range of rangesOf(own, minimum, DISTINCT)) this.#push(place(range));
    }
  }

  /** The repeated ranges, by sequence, then by where they start; they may overlap. */
  finish(): Piece[] {
    if (this.#pieces.length > 0) this.#sort();
    return this.#found.sort((left, right) => left.sequence - right.sequence || left.start - right.start);
  }
}

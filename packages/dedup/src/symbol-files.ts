import { closeSync, openSync, readSync } from 'node:fs';
import { rankOf } from './cluster-memory.ts';
import type { SymbolRange, Symbols } from './window-filter.ts';

/** A part of a sequence. */
export interface Piece extends SymbolRange {
  sequence: number;
}

/** Files that are open at a time. */
const MOST_OPEN = 64;

/** Numbers in memory, as many as come. */
class NumberList {
  #numbers = new Float64Array(1024);
  length = 0;

  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const grown = new Float64Array(2 * this.length);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.length++] = number;
  }

  at(index: number): number {
    return this.#numbers[index];
  }
}

/** Sequences of symbols that lie in many files behind one another, to be read at any place. */
export class SymbolFiles {
  readonly #width: 1 | 4;
  readonly #paths: string[] = [];
  /** symbols before each file */
  readonly #starts: number[] = [0];
  /** where each sequence ends */
  readonly #ends = new NumberList();
  readonly #open = new Map<number, number>();

  constructor(width: 1 | 4) {
    this.#width = width;
  }

  /** symbols in all files */
  get length(): number {
    return this.#starts.at(-1)!;
  }

  /** sequences in all files */
  get count(): number {
    return this.#ends.length;
  }

  lengthOf(sequence: number): number {
    return this.#ends.at(sequence) - this.#startOf(sequence);
  }

  #startOf(sequence: number): number {
    return sequence === 0 ? 0 : this.#ends.at(sequence - 1);
  }

  /** Takes the next sequences: a file of their symbols, and how many each of them has. */
  append(path: string, lengths: Iterable<number>): void {
    let end = this.length;
    for (const length of lengths) this.#ends.push((end += length));
    this.#paths.push(path);
    this.#starts.push(end);
  }

  #file(number: number): number {
    const known = this.#open.get(number);
    if (known !== undefined) return known;
    if (this.#open.size >= MOST_OPEN) this.close();
    const file = openSync(this.#paths[number], 'r');
    this.#open.set(number, file);
    return file;
  }

  /** Symbols of a part of a sequence. */
  read({ sequence, start, end }: Piece): Symbols {
    const [place, length] = [this.#startOf(sequence) + start, end - start];
    const number = rankOf(this.#starts, place);
    const first = this.#width * (place - this.#starts[number]);
    const bytes = new Uint8Array(this.#width * length);
    for (let at = 0, got = -1; got !== 0 && at < bytes.length; at += got) {
      got = readSync(this.#file(number), bytes, at, bytes.length - at, first + at);
    }
    return this.#width === 1 ? bytes : new Uint32Array(bytes.buffer);
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }
}
